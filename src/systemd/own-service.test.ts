import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ownService } from './own-service.ts'

const RUN = { INVOCATION_ID: '139aab42' }

test('a process of a service knows its unit and its run', () => {
  const cgroups =
    '9:name=systemd:/system.slice/system-p.slice/p@1.service\n0::/system.slice/system-p.slice/p@1.service\n'
  assert.deepEqual(ownService(RUN, cgroups), { unit: 'p@1.service', invocation: '139aab42' })
})

test('the service is that of a user, not the manager above it, also from a folder below', () => {
  const cgroups = '0::/user.slice/user-1000.slice/user@1000.service/app.slice/mail.service/inner\n'
  assert.equal(ownService(RUN, cgroups)?.unit, 'mail.service')
})

test('outside of a service there is none', () => {
  assert.equal(ownService(RUN, '0::/user.slice/user-1000.slice/session-3.scope\n'), null)
  assert.equal(ownService({}, '0::/system.slice/ssh.service\n'), null)
})
