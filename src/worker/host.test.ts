import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import type { WorkerInfo } from '../store/worker-record.ts'
import { linuxHost } from './host.ts'

const host = linuxHost({ hostname: 'here', pid: process.pid, rssKib: () => 123 })
const worker = (changes: Partial<WorkerInfo>): WorkerInfo =>
  ({ ...host, ...changes }) as unknown as WorkerInfo

/** No process has it: Linux gives out none above its pid_max. */
const NO_PID = Number(readFileSync('/proc/sys/kernel/pid_max', 'utf8')) + 1

describe('linuxHost', () => {
  test('knows its boot and when its process began', () => {
    assert.match(host.bootId, /^[0-9a-f-]{36} pid:\[\d+\]$/)
    assert.match(host.processStart, /^\d+$/)
    assert.equal(host.rssKib(), 123)
  })

  test('a process that runs is alive', () => {
    assert.equal(host.stateOf(worker({})), 'alive')
  })

  test('a pid that nobody has is gone', () => {
    assert.equal(host.stateOf(worker({ pid: NO_PID })), 'gone')
  })

  test('a pid that another process got since is gone', () => {
    assert.equal(host.stateOf(worker({ processStart: '1' })), 'gone')
  })

  test('of another host, another boot or another container nothing is known, whoever has the pid here', () => {
    assert.equal(host.stateOf(worker({ hostname: 'elsewhere' })), 'unknown')
    assert.equal(host.stateOf(worker({ bootId: 'another' })), 'unknown')
    assert.equal(host.stateOf(worker({ bootId: '' })), 'unknown')
  })

  test('a process of this container lives even if it sees another boot, as hardened units do; a pid nobody has says nothing then', () => {
    const bootId = host.bootId.replace(/^\S+/, '11111111-2222-4333-8444-555555555555')
    assert.equal(host.stateOf(worker({ bootId })), 'alive')
    assert.equal(host.stateOf(worker({ bootId, pid: NO_PID })), 'unknown')
    assert.equal(host.stateOf(worker({ bootId: host.bootId.replace(/\d+\]$/, '1]') })), 'unknown')
  })

  test('a process whose start was not to be read has none', () => {
    assert.equal(linuxHost({ hostname: 'here', pid: NO_PID, rssKib: () => 0 }).processStart, '')
  })
})
