import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Command } from 'commander'
import { type CommandContext, commandsFor } from './command-families.ts'

// Nothing of it is used before a command runs.
const context = {} as CommandContext

/** Wide enough for a terminal of 80 columns, with the name in front. */
const WIDEST_SUMMARY = 56

test('help lists each command in a group, on one short line', async () => {
  const commands = await commandsFor(['--help'], context)
  for (const command of commands) {
    assert.match(command.helpGroup(), /^(Jobs|Workers|Deploys|systemd):$/, command.name())
    assert.ok(command.summary().length > 0, command.name())
    assert.ok(command.summary().length <= WIDEST_SUMMARY, `${command.name()}: ${command.summary()}`)
  }
  const program = new Command('capstan')
  for (const command of commands) program.addCommand(command)
  const groups = program.helpInformation().match(/^[A-Za-z]+:$/gm)
  assert.deepEqual(groups, ['Options:', 'Jobs:', 'Workers:', 'Deploys:', 'systemd:', 'Commands:'])
})

test('a worker, a client and a rescue load no other commands', async () => {
  for (const word of ['work', 'enqueue', 'recover']) {
    const names = (await commandsFor([word], context)).map((command) => command.name())
    assert.deepEqual(names.toSorted(), ['dev', 'enqueue', 'init', 'recover', 'work'])
  }
})
