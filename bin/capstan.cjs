#!/usr/bin/env node
// The `capstan` command. Every Node since 12 can parse this file, so that one too old for Capstan can still say so.
'use strict'

// Without the `node:` of today's imports: Node 12 does not know it.
const fs = require('fs')
const path = require('path')
const url = require('url')
const { isMainThread } = require('worker_threads')
const { prepareNode } = require('./prepare-node.cjs')

const ROOT = path.join(__dirname, '..')
const MINIMUM = require('../package.json').engines.node.replace('>=', '')

/** A worker starts its cells through this file, too, so that they start as fast. By hand there is none to be started. */
const isCell = process.argv[2] === 'cell' && (process.send !== undefined || !isMainThread)
const PROGRAM = isCell ? 'cell' : 'capstan'

/** In a checkout the source, which Node runs as it is; in the published package what was built from it. */
const ENTRIES = [path.join(ROOT, `src/cli/${PROGRAM}.ts`), path.join(ROOT, `dist/cli/${PROGRAM}.js`)]

const TOO_OLD = `capstan: this is Node ${process.version} (${process.execPath}), but Capstan needs Node ${MINIMUM} or newer.

Ways to get one:
  in the project:         npm install node@24, then run it as: npx capstan
  for your user:          nvm install 24, fnm install 24 or mise use --global node@24
  for the whole machine:  the nodejs package (24) of your distribution or of nodejs.org
`

function isNewEnough() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  const [wantedMajor, wantedMinor] = MINIMUM.split('.').map(Number)
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)
}

function fail(message) {
  process.stderr.write(message)
  process.exitCode = 1
}

function main() {
  if (!isNewEnough()) return fail(TOO_OLD)
  const entry = ENTRIES.find((file) => fs.existsSync(file))
  if (entry === undefined)
    return fail(`capstan: its command line is missing, in ${ENTRIES.join(' and in ')}\n`)
  prepareNode(ROOT)
  import(url.pathToFileURL(entry).href).catch((error) => {
    // A thread's worker hears what was thrown.
    if (!isMainThread) throw error
    console.error(error)
    process.exitCode = 1
  })
}

main()
