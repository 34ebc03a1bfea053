import assert from 'node:assert/strict'
import { test } from 'node:test'
import { layoutOf } from './layout.ts'

test("the tree is Capistrano's, with ours beside it", () => {
  const { release, manifest, ...paths } = layoutOf('/srv/shop')
  assert.deepEqual(paths, {
    root: '/srv/shop',
    releases: '/srv/shop/releases',
    current: '/srv/shop/current',
    shared: '/srv/shop/shared',
    repo: '/srv/shop/repo',
    revisionLog: '/srv/shop/revisions.log',
    state: '/srv/shop/.capstan',
    deployNote: '/srv/shop/.capstan/deploy.json',
    closedNote: '/srv/shop/.capstan/closed.json',
    lock: '/srv/shop/.capstan/lock',
    audit: '/srv/shop/.capstan/audit.jsonl',
    manifests: '/srv/shop/.capstan/releases',
    instances: '/srv/shop/.capstan/instances',
  })
  assert.equal(release('20260228235959'), '/srv/shop/releases/20260228235959')
  assert.equal(manifest('20260228235959'), '/srv/shop/.capstan/releases/20260228235959.json')
})
