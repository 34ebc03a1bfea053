import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { describe, test } from 'node:test'
import { migrate } from './schema.ts'
import { prepareStatements, SQL } from './statements.ts'

const database = new DatabaseSync(':memory:')
migrate(database, 'memory')

/** Tables that grow with the backlog. */
const LARGE = ['jobs', 'waiting', 'sets', 'in_flight']

/** Counts what all workers have in flight at the moment: no more than they have slots. */
const MAY_SCAN = new Set(['countInFlight'])

/** Sort what one worker holds, and the days of one page. */
const MAY_SORT = new Set(['inFlight', 'lastDays'])

function planOf(sql: string): string[] {
  if (!/^(SELECT|INSERT|UPDATE|DELETE|WITH)/.test(sql)) return []
  const steps = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all()
  return steps.map(({ detail }) => String(detail))
}

describe('statements', () => {
  test('all can be prepared', () => {
    assert.equal(Object.keys(prepareStatements(database)).length, Object.keys(SQL).length)
  })

  for (const [name, sql] of Object.entries(SQL)) {
    test(`the cost of ${name} does not grow with the backlog`, () => {
      const bad = planOf(sql).filter(
        (step) => LARGE.some((table) => step.startsWith(`SCAN ${table}`)) || step.includes('TEMP B-TREE'),
      )
      const sorts = MAY_SORT.has(name) ? ['USE TEMP B-TREE FOR ORDER BY'] : []
      assert.deepEqual(bad, MAY_SCAN.has(name) ? bad : sorts)
    })
  }
})
