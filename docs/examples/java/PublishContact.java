import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.StringSerializer;

/** Hands a customer's need to Rapport over Kafka. Copy and adapt: it needs kafka-clients and jackson-databind. */
class PublishContact {
    private static final String USAGE = """
            PublishContact --reference REFERENCE --address ADDRESS --text TEXT [--option value ...]
              --bootstrap  host:port of a broker (localhost:9092)
              --source     who you are, the same for ever (example/shop)
              --reference  your own id: published twice, it is one contact
              --key        one per customer, keeps their contacts in order
              --channel    web, chat, phone, ... (api)
              --address    e-mail address, phone number or handle
              --name       of the customer
              --subject    subject line, if there is one
              --text       what the customer wrote
              --topic      what it is about, such as billing
              --language   such as de, te or mn""";

    public static void main(String[] arguments) throws Exception {
        Map<String, String> need = asked(arguments);
        try {
            publish(need);
        } catch (ExecutionException | KafkaException error) {
            exit("Not published to " + need.get("bootstrap") + ": " + error.getMessage());
        }
        System.out.println("Published " + need.get("reference"));
    }

    /** Returns when every in-sync replica has it. The client's producer is idempotent by itself. */
    private static void publish(Map<String, String> need) throws Exception {
        Properties settings = new Properties();
        settings.put("bootstrap.servers", need.get("bootstrap"));
        settings.put("acks", "all");
        settings.put("max.block.ms", "10000"); // so long it looks for the broker
        StringSerializer text = new StringSerializer();
        try (var producer = new KafkaProducer<>(settings, text, text)) {
            producer.send(record(need)).get();
        }
    }

    /** A CloudEvent in structured mode. The key is never personal data. */
    private static ProducerRecord<String, String> record(Map<String, String> need) throws JsonProcessingException {
        Map<String, Object> event = Map.of(
                "specversion", "1.0",
                "type", "rapport.contact.submitted.v1",
                "source", need.get("source"),
                "id", need.get("reference"),
                "time", Instant.now().toString(),
                "data", data(need));
        String value = new ObjectMapper().writeValueAsString(event);
        String key = need.getOrDefault("key", need.get("reference"));
        var record = new ProducerRecord<>("rapport.inbox", key, value);
        byte[] structured = "application/cloudevents+json; charset=UTF-8".getBytes(StandardCharsets.UTF_8);
        record.headers().add("content-type", structured);
        return record;
    }

    /** The payload. What is left out, Rapport finds out. */
    private static Map<String, Object> data(Map<String, String> need) {
        Map<String, Object> data = new HashMap<>();
        data.put("reference", need.get("reference"));
        data.put("channel", need.get("channel"));
        data.put("topic", need.get("topic"));
        data.put("language", need.get("language"));
        data.put("personal", Map.of(
                "address", need.get("address"),
                "text", need.get("text"),
                "name", need.get("name"),
                "subject", need.get("subject")));
        return data;
    }

    private static Map<String, String> asked(String[] arguments) {
        Map<String, String> need = new HashMap<>(Map.of(
                "bootstrap", "localhost:9092", "source", "example/shop", "channel", "api", "name", "", "subject", ""));
        for (int at = 0; at < arguments.length; at += 2) {
            boolean known = USAGE.contains("\n  " + arguments[at] + " ") && at + 1 < arguments.length;
            if (!known) {
                exit(USAGE);
            }
            need.put(arguments[at].substring(2), arguments[at + 1]);
        }
        for (String name : new String[] {"reference", "address", "text"}) {
            if (!need.containsKey(name)) {
                exit(USAGE);
            }
        }
        return need;
    }

    private static void exit(String reason) {
        System.err.println(reason);
        System.exit(1);
    }
}
