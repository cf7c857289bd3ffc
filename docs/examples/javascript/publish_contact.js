// Hands a customer's need to Rapport over Kafka. Copy and adapt: it needs @platformatic/kafka and nothing else.

import { parseArgs } from 'node:util'
import { ProduceAcks, Producer, stringSerializers } from '@platformatic/kafka'

const OPTIONS = {
  bootstrap: { type: 'string', default: 'localhost:9092' }, // host:port of a broker
  source: { type: 'string', default: 'example/shop' }, // who you are, the same for ever
  reference: { type: 'string' }, // your own id: published twice, it is one contact
  key: { type: 'string' }, // one per customer, keeps their contacts in order
  channel: { type: 'string', default: 'api' }, // web, chat, phone, ...
  address: { type: 'string' }, // e-mail address, phone number or handle
  name: { type: 'string', default: '' }, // of the customer
  subject: { type: 'string', default: '' }, // subject line, if there is one
  text: { type: 'string' }, // what the customer wrote
  topic: { type: 'string' }, // what it is about, such as billing
  language: { type: 'string' }, // such as de, te or mn
}
const REQUIRED = ['reference', 'address', 'text']

/** The record: a CloudEvent in structured mode. The key is never personal data. */
function record(need) {
  const { reference, channel, topic, language, address, text, name, subject } = need
  const personal = { address, text, name, subject }
  const event = {
    specversion: '1.0',
    type: 'rapport.contact.submitted.v1',
    source: need.source,
    id: reference,
    time: new Date().toISOString(),
    data: { reference, channel, topic, language, personal }, // what is left out, Rapport finds out
  }
  return {
    topic: 'rapport.inbox',
    key: need.key ?? reference,
    value: JSON.stringify(event),
    headers: { 'content-type': 'application/cloudevents+json; charset=UTF-8' },
  }
}

/** Returns when every in-sync replica has it; throws otherwise. */
async function publish(need) {
  const producer = new Producer({
    clientId: 'publish-contact',
    bootstrapBrokers: [need.bootstrap],
    serializers: stringSerializers,
    acks: ProduceAcks.ALL,
    idempotent: true,
    retries: 5, // an idempotent producer would try for ever
  })
  try {
    await producer.send({ messages: [record(need)] })
  } finally {
    await producer.close()
  }
}

/** What was asked for; throws if something is unknown or missing. */
function asked() {
  const { values } = parseArgs({ options: OPTIONS })
  const missing = REQUIRED.filter((name) => !values[name])
  if (missing.length) throw new Error(`give ${missing.map((name) => `--${name}`).join(', ')}`)
  return values
}

try {
  const need = asked()
  await publish(need)
  console.log(`Published ${need.reference}`)
} catch (error) {
  console.error(`Not published: ${error.message}`)
  process.exitCode = 1
}
