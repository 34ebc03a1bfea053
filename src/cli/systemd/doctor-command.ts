import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import type { Command } from 'commander'
import type { ServiceManager } from '../../systemd/directives.ts'
import { operatorCommand } from '../operator/operator-command.ts'
import { type Colour, EXIT, type Output, paint, printable, writeJson } from '../output.ts'
import type { Diagnosis, Examination, Patient } from './diagnosis.ts'
import {
  examineClock,
  examineJournal,
  examineLibsystemd,
  examineLimits,
  examineNode,
  examineSystemd,
  examineUserManager,
} from './examine-machine.ts'
import { examineRights, examineStore, examineSudo, examineUnits } from './examine-services.ts'
import { runProgram } from './run-program.ts'
import { oneOf, type SystemdContext } from './systemd-context.ts'

/** In the order in which they are shown: the machine, then what runs on it. */
const EXAMINATIONS: readonly Examination[] = [
  ...[examineSystemd, examineClock, examineNode, examineLimits, examineLibsystemd, examineJournal],
  ...[examineUserManager, examineStore, examineUnits, examineSudo, examineRights],
]

/** `capstan doctor`: looks at this machine. Changes nothing. */
export function doctorCommand({ session, out }: SystemdContext): Command {
  return operatorCommand('doctor', {
    about:
      'Look at this machine and its store: what would keep workers from running well, and how to mend it.',
    examples: ['capstan doctor', 'capstan doctor --manager user'],
  })
    .option('--local', 'this machine; the default')
    .option(
      '--manager <which>',
      'whose services: system or user',
      oneOf('--manager', ['system', 'user']),
      'system',
    )
    .action(async ({ manager }: { manager: ServiceManager }) => {
      const patient = thisMachine(session(), manager)
      const diagnoses = await examine(patient)
      report(out, diagnoses)
    })
}

/** All examinations at once; each changes nothing. */
export async function examine(patient: Patient, examinations = EXAMINATIONS): Promise<Diagnosis[]> {
  return (await Promise.all(examinations.map((examination) => examination(patient)))).flat()
}

function thisMachine(session: Patient['session'], manager: ServiceManager): Patient {
  const { username: name, uid } = userInfo()
  return {
    ...{ session, manager, user: { name, uid }, environment: process.env },
    ...{ run: runProgram, exists: existsSync },
    read: (path) => orNull(() => readFileSync(path, 'utf8')),
    list: (folder) => (orNull(() => readdirSync(folder)) ?? []).map((file) => join(folder, file)),
  }
}

function orNull<Value>(get: () => Value): Value | null {
  try {
    return get()
  } catch {
    return null
  }
}

const COLOURS: Readonly<Record<Diagnosis['state'], Colour>> = {
  ok: 'dim',
  note: 'dim',
  warning: 'yellow',
  error: 'red',
}
const WIDEST_STATE = 'warning'.length

/** An error is a failure of the command. */
export function report(out: Output, diagnoses: readonly Diagnosis[]): void {
  if (diagnoses.some(({ state }) => state === 'error')) out.exitCode = EXIT.failure
  if (out.json) writeJson(out, { diagnoses })
  else for (const diagnosis of diagnoses) writeDiagnosis(out, diagnosis)
}

function writeDiagnosis(out: Output, { subject, state, what, fix }: Diagnosis): void {
  out.write(`${paint(out, COLOURS[state], state.padEnd(WIDEST_STATE))}  ${printable(`${subject}: ${what}`)}`)
  if (fix !== undefined && state !== 'ok') out.write(`${' '.repeat(WIDEST_STATE)}  fix: ${printable(fix)}`)
}
