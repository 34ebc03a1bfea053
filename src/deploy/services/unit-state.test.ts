import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { unhealthy } from './healthy.ts'
import { type UnitState, unitStates } from './unit-state.ts'

const SHOWN = `Id=shop-worker@20261124103000-1.service
LoadState=loaded
ActiveState=active
SubState=running
Result=success
MainPID=4711
Directory=/srv/shop/releases/20261124103000
InvocationID=0123
NRestarts=0
StatusText=3/10 busy, a=b
UnitFileState=enabled
ExecReload={ path=/bin/kill ; argv[]=/bin/kill -TSTP $MAINPID }
User=deploy
FragmentPath=/etc/systemd/system/shop-worker@.service
TimeoutStopUSec=1min 30s
NeedDaemonReload=no

Id=sidekiq.service
LoadState=not-found
ActiveState=inactive
SubState=dead
MainPID=0
TimeoutStopUSec=infinity
`

const running = unitStates(SHOWN)[0] as UnitState
const DIRECTORY = '/srv/shop/releases/20261124103000'

describe('what systemd shows of units', () => {
  test('is read block by block', () => {
    const [worker, sidekiq] = unitStates(SHOWN)
    assert.deepEqual(
      {
        unit: worker?.unit,
        pid: worker?.pid,
        status: worker?.status,
        stop: worker?.stopTimeoutMs,
        boot: worker?.isEnabled,
      },
      {
        unit: 'shop-worker@20261124103000-1.service',
        pid: 4711,
        status: '3/10 busy, a=b',
        stop: 90_000,
        boot: true,
      },
    )
    assert.deepEqual(
      { installed: sidekiq?.isInstalled, stop: sidekiq?.stopTimeoutMs, directory: sidekiq?.directory },
      { installed: false, stop: Number.POSITIVE_INFINITY, directory: '' },
    )
  })
})

describe('a service is believed', () => {
  test('when it runs in the release', () => assert.equal(unhealthy(running, DIRECTORY), null))
  test('when its directory may not be read: systemd started it there', () =>
    assert.equal(unhealthy({ ...running, directory: '' }, DIRECTORY), null))

  const doubts: ReadonlyArray<readonly [why: string, state: Partial<UnitState>, words: RegExp]> = [
    ['it is not installed', { isInstalled: false }, /not installed/],
    ['it failed', { active: 'failed', result: 'exit-code' }, /failed .*exit-code/],
    ['it waits for its next start', { active: 'activating', sub: 'auto-restart' }, /auto-restart/],
    ['it is over', { sub: 'exited' }, /exited/],
    ['systemd had to restart it', { restarts: 2 }, /restarted by systemd 2 times/],
    ['systemd had to restart it once', { restarts: 1 }, /restarted by systemd once/],
    ['it works in another release', { directory: '/srv/shop/releases/1' }, /releases\/1, not in/],
  ]
  for (const [why, state, words] of doubts)
    test(`not when ${why}`, () => assert.match(unhealthy({ ...running, ...state }, DIRECTORY) ?? '', words))
})
