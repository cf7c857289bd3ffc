import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.time.Duration;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Follows Rapport's events and acts on each once. Copy and adapt: it needs kafka-clients, zstd-jni and jackson-databind.
 *
 * <p>What it knows lives in memory, so it begins with the oldest event at each start and commits no position. Keep
 * yours in a database: the identity, the effect and then the position, as consume_events.py does.
 */
class ConsumeEvents {
    private static final String USAGE = """
            ConsumeEvents [--option value ...]
              --bootstrap  host:port of a broker (localhost:9092)
              --group      your consumer group (example-reader-java)
              --topics     what to read, with commas between (rapport.followups)
              --idle       end after so many idle seconds (0: never)""";
    private static final Map<String, String> OUTCOMES = Map.of(
            "rapport.resolution.confirmed.v1", "confirmed",
            "rapport.resolution.refuted.v1", "refuted",
            "rapport.resolution.unrefuted.v1", "unrefuted");
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Set<List<String>> handled = new HashSet<>();
    private final Map<String, String> outcomes = new HashMap<>();

    public static void main(String[] arguments) {
        Map<String, String> asked = asked(arguments);
        ConsumeEvents reader = new ConsumeEvents();
        try {
            reader.follow(asked);
        } catch (KafkaException error) {
            exit("Cannot read from " + asked.get("bootstrap") + ": " + error.getMessage());
        }
        System.out.println("Handled " + reader.handled.size() + " events: " + reader.tally());
    }

    /** Handle what there is, and what comes, until nothing has come for `idle` seconds, if that is not 0. */
    private void follow(Map<String, String> asked) {
        double idle = Double.parseDouble(asked.get("idle"));
        try (var consumer = new KafkaConsumer<byte[], byte[]>(settings(asked))) {
            consumer.listTopics(Duration.ofSeconds(10)); // fails where no broker answers
            consumer.subscribe(List.of(asked.get("topics").split(",")));
            long last = System.nanoTime();
            while (idle == 0 || System.nanoTime() - last < idle * 1e9) {
                var records = consumer.poll(Duration.ofMillis(200));
                if (!records.isEmpty() || consumer.assignment().isEmpty()) {
                    last = System.nanoTime();
                }
                records.forEach(this::handle);
            }
        }
    }

    private static Properties settings(Map<String, String> asked) {
        Properties settings = new Properties();
        settings.put("bootstrap.servers", asked.get("bootstrap"));
        settings.put("group.id", asked.get("group"));
        settings.put("auto.offset.reset", "earliest"); // a group without a position begins with the oldest event
        settings.put("enable.auto.commit", "false");
        settings.put("isolation.level", "read_committed");
        settings.put("key.deserializer", ByteArrayDeserializer.class);
        settings.put("value.deserializer", ByteArrayDeserializer.class);
        return settings;
    }

    /** Act on the event, unless that was done before. What is no event must not stop you. */
    private void handle(ConsumerRecord<byte[], byte[]> record) {
        Optional<JsonNode> event = read(record.value());
        if (event.isEmpty()) {
            System.err.printf("no event at %s[%d]@%d%n", record.topic(), record.partition(), record.offset());
        } else if (handled.add(List.of(event.get().get("source").asText(), event.get().get("id").asText()))) {
            System.out.println(event.get().get("type").asText() + " " + event.get().path("subject").asText());
            act(event.get());
        }
    }

    /** What you do with an event. A type that you do not know is nothing to you. */
    private void act(JsonNode event) {
        String outcome = OUTCOMES.get(event.get("type").asText());
        if (outcome != null) {
            outcomes.put(event.get("data").get("contact_id").asText(), outcome);
        }
    }

    /** The event in a record's value; nothing for what is no event. */
    private static Optional<JsonNode> read(byte[] value) {
        try {
            JsonNode event = JSON.readTree(value == null ? new byte[0] : value);
            boolean named = Stream.of("source", "id", "type").allMatch(name -> event.path(name).isTextual());
            return named && event.has("data") ? Optional.of(event) : Optional.empty();
        } catch (IOException error) {
            return Optional.empty();
        }
    }

    /** How many contacts have each outcome, in words. */
    private String tally() {
        return Stream.of("confirmed", "refuted", "unrefuted")
                .map(outcome -> Collections.frequency(outcomes.values(), outcome) + " " + outcome)
                .collect(Collectors.joining(", "));
    }

    private static Map<String, String> asked(String[] arguments) {
        Map<String, String> asked = new HashMap<>(Map.of(
                "bootstrap", "localhost:9092", "group", "example-reader-java", "topics", "rapport.followups", "idle", "0"));
        for (int at = 0; at < arguments.length; at += 2) {
            boolean known = USAGE.contains("\n  " + arguments[at] + " ") && at + 1 < arguments.length;
            if (!known) {
                exit(USAGE);
            }
            asked.put(arguments[at].substring(2), arguments[at + 1]);
        }
        return asked;
    }

    private static void exit(String reason) {
        System.err.println(reason);
        System.exit(1);
    }
}
