// Follows Rapport's events and acts on each once. Copy and adapt: it needs @platformatic/kafka and nothing else.
//
// What it knows lives in memory, so it begins with the oldest event at each start and commits no position.
// Keep yours in a database: the identity, the effect and then the position, as consume_events.py does.

import { parseArgs } from 'node:util'
import { Consumer, FetchIsolationLevels, MessagesStreamModes } from '@platformatic/kafka'

const OPTIONS = {
  bootstrap: { type: 'string', default: 'localhost:9092' }, // host:port of a broker
  group: { type: 'string', default: 'example-reader-js' }, // your consumer group
  topics: { type: 'string', default: 'rapport.followups' }, // what to read, with commas between
  idle: { type: 'string', default: '0' }, // end after so many idle seconds
}
const OUTCOMES = {
  'rapport.resolution.confirmed.v1': 'confirmed',
  'rapport.resolution.refuted.v1': 'refuted',
  'rapport.resolution.unrefuted.v1': 'unrefuted',
}
const handled = new Set()
const outcomes = new Map()

/** Act on the event, unless that was done before. */
function handle(event) {
  const identity = JSON.stringify([event.source, event.id])
  if (handled.has(identity)) return
  handled.add(identity)
  console.log(event.type, event.subject ?? '')
  act(event)
}

/** What you do with an event. A type that you do not know is nothing to you. */
function act(event) {
  const outcome = OUTCOMES[event.type]
  if (outcome) outcomes.set(event.data.contact_id, outcome)
}

/** The event in a record's value; undefined for what is no event, which must not stop you. */
function read(value) {
  try {
    const event = JSON.parse(value)
    const named = ['source', 'id', 'type'].every((name) => typeof event[name] === 'string')
    return named && event.data ? event : undefined
  } catch {
    return undefined
  }
}

/** Handle what there is, and what comes, until nothing has come for so many seconds, if that is not 0. */
async function follow({ bootstrap, group, topics, idle }) {
  const consumer = new Consumer({ clientId: group, groupId: group, bootstrapBrokers: [bootstrap] })
  try {
    const records = await consumer.consume({
      topics: topics.split(','),
      mode: MessagesStreamModes.EARLIEST,
      autocommit: false,
      maxWaitTime: 500, // so long, in ms, the broker may keep an answer back, and closing waits for it
      isolationLevel: FetchIsolationLevels.READ_COMMITTED,
    })
    const rest = Number(idle) && setTimeout(() => records.close(), 1_000 * Number(idle))
    for await (const { topic, partition, offset, value } of records) {
      const event = read(value)
      if (event) handle(event)
      else console.error(`no event at ${topic}[${partition}]@${offset}`)
      if (rest) rest.refresh()
    }
  } finally {
    await consumer.close(true)
  }
}

/** How many contacts have each outcome, in words. */
function tally() {
  const found = [...outcomes.values()]
  const count = (outcome) => `${found.filter((each) => each === outcome).length} ${outcome}`
  return Object.values(OUTCOMES).map(count).join(', ')
}

try {
  await follow(parseArgs({ options: OPTIONS }).values)
  console.log(`Handled ${handled.size} events: ${tally()}`)
} catch (error) {
  console.error(`Cannot read: ${error.message}`)
  process.exitCode = 1
}
