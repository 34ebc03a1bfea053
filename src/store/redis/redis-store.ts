import type { Runtime } from '../../kernel/runtime.ts'
import type { DeployMarks } from '../deploy-marks.ts'
import type { Store } from '../store.ts'
import { AdvanceClaims } from './advance-claims.ts'
import { CallNames } from './claim-token.ts'
import { Claims } from './claims.ts'
import { leave, prepareToLeave, recover } from './departures.ts'
import { markDeploy } from './deploy-mark.ts'
import type { Ground } from './ground.ts'
import { ping } from './health.ts'
import { inFlight } from './in-flight.ts'
import { clear, list, pause } from './inspection.ts'
import { Keys } from './keys.ts'
import { MetricsWriter } from './metrics-writer.ts'
import { move } from './mover.ts'
import { type RedisOptions, settingsOf } from './options.ts'
import { promote } from './promoter.ts'
import { push } from './pusher.ts'
import { RedisClient } from './redis-client.ts'
import { heartbeat, signal, workers } from './registry.ts'
import { ALL_SCRIPTS } from './scripts/all-scripts.ts'
import { queues, stats } from './statistics.ts'
import { WaitingRoom } from './waiting-room.ts'

/**
 * Opens a store on Redis ≥ 6.2 or Valkey, in the format of Sidekiq: its keys for all that Sidekiq can see, keys
 * under `capstan:` beside them. One connection for commands, and one for each queue that is waited for.
 *
 * After a lost connection it connects again for ever, in the background; calls meanwhile fail at once.
 *
 * @throws UsageError for bad options; StoreError `store.not_stored` when the server does not answer or refuses the
 * login, `store.version` when it is too old. Nothing is left open then.
 */
export async function openRedisStore(
  runtime: Runtime,
  options: RedisOptions = {},
): Promise<Store & DeployMarks> {
  const settings = settingsOf(options)
  const client = await RedisClient.open(runtime, settings, ALL_SCRIPTS)
  const ground: Ground = { client, keys: new Keys(settings.keyPrefix), limits: settings }
  const calls = new CallNames(runtime.clock.now(), runtime.random)
  const claims = new Claims(runtime.logger, ground, calls)
  const advance = new AdvanceClaims(runtime, ground, { calls, claims })
  const room = new WaitingRoom(runtime, ground, advance)
  return {
    isApart: true,
    push: push(ground),
    exchange: (request) => claims.exchange(request),
    waitForJobs: (request) => room.wait(request),
    heartbeat: heartbeat(ground, new MetricsWriter(ground, runtime.logger, settings.metrics)),
    inFlight: inFlight(ground, advance),
    leave: leave(ground),
    prepareToLeave: prepareToLeave(ground),
    workers: workers(ground),
    recover: recover(ground),
    promote: promote(ground),
    queues: queues(ground),
    list: list(ground),
    move: move(ground),
    clear: clear(ground),
    pause: pause(ground),
    signal: signal(ground),
    stats: stats(ground),
    ping: ping(ground),
    markDeploy: (label, now) => markDeploy(ground, label, now),
    async close() {
      client.close()
      room.close()
    },
  }
}
