import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import type { Command } from 'commander'
import { UsageError } from '../../kernel/errors.ts'
import type { ServiceManager } from '../../systemd/directive.ts'
import { doctorStage } from '../deploy/doctor-stage.ts'
import { withStageFlags } from '../deploy/stage-command.ts'
import type { StageFlags } from '../deploy/stage-session.ts'
import { operatorCommand } from '../operator/operator-command.ts'
import { type Colour, EXIT, type Output, paint, printable, writeJson } from '../output.ts'
import type { Diagnosis, Examination, Patient } from './diagnosis.ts'
import { examineJobs, examineUnknownJobs } from './examine-jobs.ts'
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
import { examineWaiting } from './examine-waiting.ts'
import { examineWorkers } from './examine-workers.ts'
import { runProgram } from './run-program.ts'
import { oneOf, type SystemdContext } from './systemd-context.ts'

/** In the order in which they are shown: the machine, then what runs on it. */
const EXAMINATIONS: readonly Examination[] = [
  ...[examineSystemd, examineClock, examineNode, examineLimits, examineLibsystemd, examineJournal],
  ...[examineUserManager, examineStore, examineJobs, examineUnknownJobs, examineWaiting, examineWorkers],
  ...[examineUnits, examineSudo, examineRights],
]

interface DoctorFlags extends StageFlags {
  readonly local?: boolean
  readonly manager: ServiceManager
}

/** `capstan doctor`: looks at this machine, or at the hosts of a stage. Changes nothing. */
export function doctorCommand({ session, out }: SystemdContext): Command {
  const command = operatorCommand('doctor [stage]', {
    about:
      'Look at the hosts of a stage, or at this machine and its store: what would stop a deploy or keep workers from running well, and how to mend it.',
    examples: [
      'capstan doctor production',
      'capstan doctor production --hosts web-1 --json',
      'capstan doctor --local --manager user',
    ],
  })
    .option('--local', 'this machine; the default without a stage')
    .option(
      '--manager <which>',
      'whose services, on this machine: system or user',
      oneOf('--manager', ['system', 'user']),
      'system',
    )
  return withStageFlags(command).action(async (stage: string | undefined, flags: DoctorFlags) => {
    if (stage !== undefined && flags.local)
      throw new UsageError('options.invalid', 'doctor: expected either a stage or --local')
    if (stage !== undefined) return doctorStage({ session, out }, stage, flags)
    report(out, await examine(thisMachine(session(), flags.manager)))
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
