import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hostName, parseHost } from './parse-host.ts'

for (const [text, address, name] of [
  ['web-1', { host: 'web-1' }, 'web-1'],
  ['deploy@web-1.example:2222', { user: 'deploy', host: 'web-1.example', port: 2222 }, 'web-1.example:2222'],
  ['ada@corp.example@web-1', { user: 'ada@corp.example', host: 'web-1' }, 'web-1'],
  ['ada@corp.example@fe80::1', { user: 'ada@corp.example', host: 'fe80::1' }, 'fe80::1'],
  ['10.0.0.7:22', { host: '10.0.0.7', port: 22 }, '10.0.0.7'],
  ['::1', { host: '::1' }, '::1'],
  ['deploy@fe80::1%eth0', { user: 'deploy', host: 'fe80::1%eth0' }, 'fe80::1%eth0'],
  ['deploy@[2001:db8::7]:2222', { user: 'deploy', host: '2001:db8::7', port: 2222 }, '[2001:db8::7]:2222'],
] as const) {
  test(`${text} is understood`, () => {
    assert.deepEqual(parseHost(text, 'hosts[0]'), address)
    assert.equal(hostName(address), name)
  })
}

for (const text of [
  '',
  '-v',
  'a b',
  'a:',
  'a:0',
  'a:65536',
  '@a',
  '-l@a',
  '[web-1]:22',
  '[::1',
  'a\nb',
  'a/b',
  'a;b',
  7,
  null,
]) {
  test(`${JSON.stringify(text)} is refused`, () =>
    assert.throws(() => parseHost(text, 'hosts[0]'), {
      code: 'config.invalid',
      message: /^hosts\[0\]: expected a host/,
    }))
}
