// Reads AsyncAPI documents with the official parser: an object of documents by name from standard input.
// Prints an object of what it finds by name: errors and warnings, one line each.

import { json } from 'node:stream/consumers'
import { Parser } from '@asyncapi/parser'

const SEVERITIES = ['error', 'warning']

/** The errors and warnings in a document. */
async function complaints(document) {
  const { diagnostics } = await new Parser().parse(JSON.stringify(document))
  return diagnostics
    .filter(({ severity }) => SEVERITIES[severity])
    .map(({ severity, message, path }) => `${SEVERITIES[severity]} at ${path.join('/')}: ${message}`)
}

const found = {}
for (const [name, document] of Object.entries(await json(process.stdin))) found[name] = await complaints(document)
console.log(JSON.stringify(found))
