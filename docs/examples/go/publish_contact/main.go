// Hands a customer's need to Rapport over Kafka. Copy and adapt: it needs franz-go and nothing else.
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

var (
	bootstrap = flag.String("bootstrap", "localhost:9092", "host:port of a broker")
	source    = flag.String("source", "example/shop", "who you are, the same for ever")
	reference = flag.String("reference", "", "your own id: published twice, it is one contact")
	key       = flag.String("key", "", "one per customer, keeps their contacts in order")
	channel   = flag.String("channel", "api", "web, chat, phone, ...")
	address   = flag.String("address", "", "e-mail address, phone number or handle")
	name      = flag.String("name", "", "of the customer")
	subject   = flag.String("subject", "", "subject line, if there is one")
	text      = flag.String("text", "", "what the customer wrote")
	topic     = flag.String("topic", "", "what it is about, such as billing")
	language  = flag.String("language", "", "such as de, te or mn")
)

type personal struct {
	Address string `json:"address"`
	Text    string `json:"text"`
	Name    string `json:"name"`
	Subject string `json:"subject"`
}

// What is left out, Rapport finds out.
type contact struct {
	Reference string   `json:"reference"`
	Channel   string   `json:"channel"`
	Topic     string   `json:"topic,omitempty"`
	Language  string   `json:"language,omitempty"`
	Personal  personal `json:"personal"`
}

type event struct {
	SpecVersion string    `json:"specversion"`
	Type        string    `json:"type"`
	Source      string    `json:"source"`
	ID          string    `json:"id"`
	Time        time.Time `json:"time"`
	Data        contact   `json:"data"`
}

// record is a CloudEvent in structured mode. The key is never personal data.
func record() (*kgo.Record, error) {
	value, err := json.Marshal(event{
		SpecVersion: "1.0",
		Type:        "rapport.contact.submitted.v1",
		Source:      *source,
		ID:          *reference,
		Time:        time.Now().UTC(),
		Data: contact{
			Reference: *reference,
			Channel:   *channel,
			Topic:     *topic,
			Language:  *language,
			Personal:  personal{Address: *address, Text: *text, Name: *name, Subject: *subject},
		},
	})
	structured := kgo.RecordHeader{
		Key:   "content-type",
		Value: []byte("application/cloudevents+json; charset=UTF-8"),
	}
	return &kgo.Record{
		Topic:   "rapport.inbox",
		Key:     []byte(cmp.Or(*key, *reference)),
		Value:   value,
		Headers: []kgo.RecordHeader{structured},
	}, err
}

// publish returns when every in-sync replica has it. The client's producer is idempotent by itself.
func publish() error {
	client, err := kgo.NewClient(kgo.SeedBrokers(*bootstrap), kgo.RequiredAcks(kgo.AllISRAcks()))
	if err != nil {
		return err
	}
	defer client.Close()
	submitted, err := record()
	if err != nil {
		return err
	}
	within, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return client.ProduceSync(within, submitted).FirstErr()
}

func main() {
	flag.Parse()
	if *reference == "" || *address == "" || *text == "" {
		fmt.Fprintln(os.Stderr, "give -reference, -address and -text")
		os.Exit(2)
	}
	if err := publish(); err != nil {
		fmt.Fprintf(os.Stderr, "Not published to %s: %v\n", *bootstrap, err)
		os.Exit(1)
	}
	fmt.Println("Published", *reference)
}
