#!/usr/bin/env node
// The `capstan` command. Every Node since 12 can parse this file, so that one too old for Capstan can still say so.
'use strict'

// Without the `node:` of today's imports: Node 12 does not know it.
const fs = require('fs')
const path = require('path')
const url = require('url')

const ROOT = path.join(__dirname, '..')
const MINIMUM = require('../package.json').engines.node.replace('>=', '')

/** In a checkout the source, which Node runs as it is; in the published package what was built from it. */
const ENTRIES = [path.join(ROOT, 'src/cli/capstan.ts'), path.join(ROOT, 'dist/cli/capstan.js')]

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

/** Node 22 calls SQLite experimental in a warning that would stand in every log. All other warnings stay. */
function silenceSqliteWarning() {
  const emitWarning = process.emitWarning
  process.emitWarning = (warning, type, ...rest) => {
    if (type === 'ExperimentalWarning' && /^SQLite is an experimental feature/.test(warning)) return
    emitWarning.call(process, warning, type, ...rest)
  }
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
  silenceSqliteWarning()
  import(url.pathToFileURL(entry).href).catch((error) => {
    console.error(error)
    process.exitCode = 1
  })
}

main()
