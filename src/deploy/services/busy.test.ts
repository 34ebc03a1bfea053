import assert from 'node:assert/strict'
import { test } from 'node:test'
import { busyOf } from './busy.ts'

const CASES: ReadonlyArray<readonly [what: string, text: string, jobs: number | null]> = [
  ['a unit that does not run has none', 'gone\n', 0],
  ['a worker of ours says it to systemd', 'status quiet, 3/10 busy\n', 3],
  ['a draining one, too', 'status draining, 1 job left, 20 s\n', 1],
  ['Sidekiq says it in its title', 'title sidekiq 6.4.1 shop [2 of 5 busy] stopping \n', 2],
  ['a title from before the quiet does not count', 'title sidekiq 6.4.1 shop [0 of 5 busy] \n', null],
  ['a Sidekiq whose threads for jobs have ended has none', 'idle\n', 0],
  ['a process that has not said anything is waited for', 'title ruby worker.rb\n', null],
  ['several units are added up', 'status quiet, 3/10 busy\ngone\nstatus quiet, 4/10 busy\n', 7],
  ['one that has not answered keeps the sum open', 'status quiet, 3/10 busy\ntitle x\n', null],
]
for (const [what, text, jobs] of CASES) test(what, () => assert.equal(busyOf(text).jobs, jobs))
