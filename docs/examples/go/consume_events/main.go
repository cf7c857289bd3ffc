// Follows Rapport's events and acts on each once. Copy and adapt: it needs franz-go and nothing else.
//
// What it knows lives in memory, so it begins with the oldest event at each start and commits no position.
// Keep yours in a database: the identity, the effect and then the position, as consume_events.py does.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

var (
	bootstrap = flag.String("bootstrap", "localhost:9092", "host:port of a broker")
	group     = flag.String("group", "example-reader-go", "your consumer group")
	topics    = flag.String("topics", "rapport.followups", "what to read, with commas between")
	idle      = flag.Float64("idle", 0, "end after so many idle seconds; 0: never")

	kinds = map[string]string{
		"rapport.resolution.confirmed.v1": "confirmed",
		"rapport.resolution.refuted.v1":   "refuted",
		"rapport.resolution.unrefuted.v1": "unrefuted",
	}
	handled  = map[[2]string]bool{}
	outcomes = map[string]string{}
)

type event struct {
	Source  string          `json:"source"`
	ID      string          `json:"id"`
	Type    string          `json:"type"`
	Subject string          `json:"subject"`
	Data    json.RawMessage `json:"data"`
}

// read returns the event in a record's value, and whether there is one: what is none must not stop you.
func read(value []byte) (found event, is bool) {
	err := json.Unmarshal(value, &found)
	return found, err == nil && found.Source != "" && found.ID != "" && found.Type != "" && found.Data != nil
}

// handle acts on the event, unless that was done before.
func handle(found event) {
	identity := [2]string{found.Source, found.ID}
	if handled[identity] {
		return
	}
	handled[identity] = true
	fmt.Println(found.Type, found.Subject)
	act(found)
}

// act is what you do with an event. A type that you do not know is nothing to you.
func act(found event) {
	var resolution struct {
		ContactID string `json:"contact_id"`
	}
	outcome, known := kinds[found.Type]
	if known && json.Unmarshal(found.Data, &resolution) == nil {
		outcomes[resolution.ContactID] = outcome
	}
}

// follow handles what there is, and what comes, until nothing has come for `idle` seconds, if that is not 0.
func follow(client *kgo.Client) error {
	soon, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := client.Ping(soon); err != nil {
		return err
	}
	last := time.Now()
	for *idle == 0 || time.Since(last).Seconds() < *idle {
		records, err := next(client)
		if err != nil {
			return err
		}
		if _, generation := client.GroupMetadata(); len(records) > 0 || generation < 0 {
			last = time.Now() // a client that has not joined its group yet is not idle
		}
		for _, record := range records {
			if found, is := read(record.Value); is {
				handle(found)
			} else {
				fmt.Fprintf(os.Stderr, "no event at %s[%d]@%d\n", record.Topic, record.Partition, record.Offset)
			}
		}
	}
	return nil
}

// next returns the next records, or none if none comes soon.
func next(client *kgo.Client) ([]*kgo.Record, error) {
	soon, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	fetches := client.PollFetches(soon)
	if err := fetches.Err0(); err != nil && soon.Err() == nil {
		return nil, err
	}
	return fetches.Records(), nil
}

// tally says how many contacts have each outcome.
func tally() string {
	count := map[string]int{}
	for _, outcome := range outcomes {
		count[outcome]++
	}
	return fmt.Sprintf("%d confirmed, %d refuted, %d unrefuted", count["confirmed"], count["refuted"], count["unrefuted"])
}

func main() {
	flag.Parse()
	client, err := kgo.NewClient(
		kgo.SeedBrokers(*bootstrap),
		kgo.ConsumerGroup(*group),
		kgo.ConsumeTopics(strings.Split(*topics, ",")...),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), // a group without a position begins with the oldest event
		kgo.DisableAutoCommit(),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
	)
	if err == nil {
		defer client.Close()
		err = follow(client)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "Cannot read from %s: %v\n", *bootstrap, err)
		os.Exit(1)
	}
	fmt.Printf("Handled %d events: %s\n", len(handled), tally())
}
