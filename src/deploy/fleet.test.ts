import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { RemoteError } from '../remote/errors.ts'
import { DeployError } from './deploy-error.ts'
import { type FleetError, onEach } from './fleet.ts'

const hosts = ['a', 'b', 'c', 'd'].map((name) => ({ name }))

describe('work on a fleet', () => {
  test('gives the result of each host', async () => {
    const results = await onEach(hosts, async ({ name }) => name.toUpperCase())
    assert.deepEqual(
      [...results],
      [
        ['a', 'A'],
        ['b', 'B'],
        ['c', 'C'],
        ['d', 'D'],
      ],
    )
  })

  test('waits for all and names every host that failed', async () => {
    const done: string[] = []
    await assert.rejects(
      onEach(hosts, async ({ name }) => {
        if (name === 'a' || name === 'c') throw new DeployError('deploy.unhealthy', `${name} is ill`)
        await Promise.resolve()
        done.push(name)
      }),
      (error: FleetError) => {
        assert.deepEqual([...error.failures.keys()], ['a', 'c'])
        assert.equal(error.code, 'deploy.unhealthy')
        assert.match(error.message, /a: a is ill\nc: c is ill/)
        return true
      },
    )
    assert.deepEqual(done, ['b', 'd'])
  })

  test('tells of hosts in their own order, whichever was done first', async () => {
    const waits = Promise.withResolvers<void>()
    const work = async ({ name }: { readonly name: string }) => {
      if (name === 'a') await waits.promise
      if (name === 'd') waits.resolve()
      return name
    }
    assert.deepEqual([...(await onEach(hosts, work)).keys()], ['a', 'b', 'c', 'd'])
  })

  test('says once what happened to several hosts alike', async () => {
    const failing = onEach(hosts, async ({ name }) => {
      if (name === 'b') throw new DeployError('deploy.unhealthy', 'out of paper')
      throw new RemoteError('remote.exit', 'build: exit code 1', { host: name })
    })
    await assert.rejects(failing, { message: 'a, c, d: build: exit code 1\nb: out of paper' })
  })

  test('does no more than the limit at a time', async () => {
    let now = 0
    let most = 0
    await onEach(
      hosts,
      async () => {
        most = Math.max(most, ++now)
        await Promise.resolve()
        now--
      },
      2,
    )
    assert.equal(most, 2)
  })

  test('in batches, begins no further host after a failure', async () => {
    const begun: string[] = []
    await assert.rejects(
      onEach(
        hosts,
        async ({ name }) => {
          begun.push(name)
          throw new Error('no')
        },
        1,
      ),
    )
    assert.deepEqual(begun, ['a'])
  })
})
