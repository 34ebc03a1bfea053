'use strict'

const fs = require('fs')
const module_ = require('module')
const path = require('path')

/** What this Node does otherwise than it would by itself, before it loads anything else. */
exports.prepareNode = function prepareNode(root) {
  silenceSqliteWarning()
  keepCompiled(root)
}

/** Node 22 calls SQLite experimental in a warning that would stand in every log. All other warnings stay. */
function silenceSqliteWarning() {
  const emitWarning = process.emitWarning
  process.emitWarning = (warning, type, ...rest) => {
    if (type === 'ExperimentalWarning' && /^SQLite is an experimental feature/.test(warning)) return
    emitWarning.call(process, warning, type, ...rest)
  }
}

/**
 * Has what is compiled kept for the next start. Compiling modules, and taking the types out of those of the application,
 * is most of a start; jobs that were interrupted wait for two of them.
 *
 * It is kept beside the packages, so that it goes when they go, and only by who owns them: nobody else could have put
 * anything there, and no file of another user is in the way of their owner.
 */
function keepCompiled(root) {
  const packages = packagesBeside(root)
  const folder = fs.statSync(packages, { throwIfNoEntry: false })
  if (folder !== undefined && process.getuid !== undefined && folder.uid === process.getuid())
    module_.enableCompileCache(path.join(packages, '.cache/capstan'))
}

/** The folder of packages that this one lies in, or in a checkout that of its own packages. */
function packagesBeside(root) {
  const around = path.dirname(root)
  return path.basename(around) === 'node_modules' ? around : path.join(root, 'node_modules')
}
