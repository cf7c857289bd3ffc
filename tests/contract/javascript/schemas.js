// Compiles JSON Schemas with Ajv in strict mode and tries their examples. Reads an object of schemas by name
// from standard input; prints an object of faults by name, empty where all is well.

import { json } from 'node:stream/consumers'
import Ajv from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'

const VOCABULARY = ['x-personal']

/** What is wrong with a schema or one of its examples; nothing where all is well. */
function faultOf(schema) {
  const ajv = addFormats(new Ajv({ strict: true, allErrors: true })).addVocabulary(VOCABULARY)
  try {
    const validate = ajv.compile(schema)
    const wrong = (schema.examples ?? []).filter((example) => !validate(example))
    return wrong.length ? ajv.errorsText(validate.errors) : undefined
  } catch (error) {
    return error.message
  }
}

const schemas = await json(process.stdin)
const faults = Object.entries(schemas).map(([name, schema]) => [name, faultOf(schema)])
console.log(JSON.stringify(Object.fromEntries(faults.filter(([, fault]) => fault))))
