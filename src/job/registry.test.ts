import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { UsageError } from '../kernel/errors.ts'
import { definition } from './definition.ts'
import { registry } from './registry.ts'

const named = (name: string) => definition({ name, run: () => undefined })

describe('registry', () => {
  test('finds jobs by their name on the wire and lists the names in order', () => {
    const [thumbnail, mail] = [named('Thumbnail'), named('Mail')]
    const jobs = registry([thumbnail, mail])
    assert.equal(jobs.get('Thumbnail'), thumbnail)
    assert.equal(jobs.get('Mail'), mail)
    assert.deepEqual([jobs.size, jobs.names()], [2, ['Mail', 'Thumbnail']])
  })

  test('knows no job by a name that every object has', () => {
    const jobs = registry([named('Mail')])
    for (const name of ['mail', '', 'constructor', '__proto__']) assert.equal(jobs.get(name), undefined)
  })

  test('two different jobs of one name are refused, naming it', () => {
    assert.throws(
      () => registry([named('Mail'), named('Mail')]),
      (error: unknown) =>
        error instanceof UsageError && error.code === 'job.duplicate' && error.message.includes('"Mail"'),
    )
  })

  test('the same job twice, as by two exports of a module, is one job', () => {
    const mail = named('Mail')
    assert.equal(registry([mail, mail]).size, 1)
  })
})
