import assert from 'node:assert/strict'
import { test } from 'node:test'
import { masked, maskedSetting } from './mask.ts'

for (const [text, shown] of [
  ['https://ghp_abc@github.example/x.git', 'https://***@github.example/x.git'],
  ['https://ada:pw@git.example/x.git', 'https://***@git.example/x.git'],
  ['redis://:p@ss@redis.example/0', 'redis://***@redis.example/0'],
  ['RAILS_MASTER_KEY=abc rake', 'RAILS_MASTER_KEY=*** rake'],
  ['ssh://git@git.example/x.git', 'ssh://git@git.example/x.git'],
  ['ssh://git:pw@git.example/x.git', 'ssh://***@git.example/x.git'],
  ['git@git.example:x.git', 'git@git.example:x.git'],
  ["NPM_TOKEN='a b' TZ=UTC npm ci", 'NPM_TOKEN=*** TZ=UTC npm ci'],
  ['tool --password hunter2 --api-key=abc --jobs 4', 'tool --password *** --api-key=*** --jobs 4'],
]) {
  test(`${shown} shows no secret`, () => assert.equal(masked(text!), shown))
}

test('the environment is hidden but for what is known to be no secret, and values whose name says so', () => {
  assert.equal(maskedSetting('environment.TZ', 'UTC'), 'UTC')
  assert.equal(maskedSetting('environment.RAILS_ENV', 'staging'), 'staging')
  assert.equal(maskedSetting('environment.NODE_ENV', 'https://ada:pw@x/'), 'https://***@x/')
  for (const name of ['REDIS_URL', 'rails_env', 'MY_RAILS_ENV', 'TZ_'])
    assert.equal(maskedSetting(`environment.${name}`, 'value'), '***', name)
  assert.equal(maskedSetting('services.jobs.credentials.token', '/etc/shop/token'), '***')
  assert.equal(maskedSetting('keep', 5), 5)
  assert.deepEqual(maskedSetting('build', ['SECRET=x y', ['a', '--token=z']]), [
    'SECRET=*** y',
    ['a', '--token=***'],
  ])
})
