import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { fileDrift } from './drift.ts'
import { hostFiles } from './on-host/read-files.ts'
import { Reply } from './on-host/reply.ts'

const path = '/etc/systemd/system/shop-worker@.service'
const unit = { path, text: '[Service]\nType=notify\nUser=deploy\n', mode: '0644', notes: [] }
const found = { path, text: unit.text, mode: 'root:root 644', dropIns: [] }

describe('drift', () => {
  test('is none where a unit says the same in another order', () => {
    const text = '# by hand\n[Service]\nUser=deploy\nType=notify\n'
    assert.deepEqual(fileDrift(unit, { ...found, text }), { path, state: 'same', differences: [] })
  })

  test('is each directive that differs, who owns the file, and what changes it besides', () => {
    const text = '[Service]\nType=simple\nUser=deploy\nNice=5\n'
    const drop = `${path}.d/override.conf`
    const { state, differences } = fileDrift(unit, { path, text, mode: 'deploy:deploy 640', dropIns: [drop] })
    assert.equal(state, 'differs')
    assert.deepEqual(differences, [
      '[Service] Type=simple; setup writes Type=notify',
      '[Service] Nice=5; setup writes not set',
      'is deploy:deploy 640; setup makes it root:root 644',
      `${drop} changes it besides`,
    ])
  })

  test('of rules is a line too much or missing', () => {
    const rules = { path: '/etc/sudoers.d/capstan-shop', text: 'a\nb\n', mode: '0440', notes: [] }
    const its = { path: rules.path, text: 'b\nc\n', mode: 'root:root 440', dropIns: [] }
    assert.deepEqual(fileDrift(rules, its).differences, ['too much: c', 'missing: a'])
  })

  test('is not guessed where a file is not there or may not be read', () => {
    assert.equal(fileDrift(unit, { ...found, text: null }).state, 'absent')
    assert.equal(fileDrift(unit, { ...found, text: 'unreadable' }).state, 'unreadable')
  })
})

test('files of a host are told apart by their position, empty lines included', () => {
  const reply = new Reply(
    'state\t0 there\nmode\t0 root:root 644\nline\t0 a\nline\t0 \nline\t0 b\nstate\t1 absent',
  )
  const [first, second] = hostFiles(reply, ['/a', '/b'])
  assert.equal(first?.text, 'a\n\nb\n')
  assert.equal(second?.text, null)
})
