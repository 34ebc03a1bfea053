import type { DirectiveFacts } from './directive.ts'

/** `[Service]`: how it starts, stops, restarts and shows that it lives. */
export const SERVICE_DIRECTIVES: Readonly<Record<string, DirectiveFacts>> = {
  Type: {
    meaning:
      'How systemd knows that it is up: simple (at once), exec (the program was started), notify (it says so).',
    why: 'A start is believed only when the worker has reached its store and loaded its jobs.',
    values: { exec: 240, 'notify-reload': 253 },
  },
  NotifyAccess: {
    meaning: 'Whose messages systemd believes: none, main (the main process), exec, all.',
    why: 'A job must not be able to speak for its worker.',
  },
  ExecStart: {
    meaning: 'The command at start: an absolute path and its arguments; no shell.',
    why: 'Absolute paths, so that no profile, PATH or version manager decides what runs.',
  },
  ExecStartPre: { meaning: 'Runs before ExecStart=; when it fails the start fails.' },
  ExecStartPost: { meaning: 'Runs once it is up.' },
  ExecCondition: {
    meaning: 'Skips the start, without a failure, when this command ends with 1 to 254.',
    since: 243,
  },
  ExecReload: {
    meaning: 'The command at `systemctl reload`.',
    why: 'TSTP makes the worker quiet. Without this line a reload fails: "Job type reload is not applicable".',
  },
  ExecStop: { meaning: 'The command at stop, before the KillSignal=.' },
  ExecStopPost: {
    meaning: 'Runs whenever it has ended, even when it crashed, and is told how in $SERVICE_RESULT.',
    why: 'The jobs of a worker that died go back to their queues at once, with the cause of its death.',
  },
  Restart: {
    meaning:
      'When it is started again: no, on-success, on-failure, on-abnormal, on-watchdog, on-abort, always.',
    why: 'A worker ends only when it is told to; anything else is a crash. `systemctl stop` is obeyed all the same.',
  },
  RestartSec: {
    meaning: 'The pause before a restart; default 100 ms.',
    why: 'Gives a store that restarts a moment, and counts against the start limit.',
  },
  RestartSteps: { meaning: 'In how many steps the pause grows to RestartMaxDelaySec=.', since: 254 },
  RestartMaxDelaySec: { meaning: 'The longest pause before a restart.', since: 254 },
  RestartMode: { meaning: 'Whether units that depend on it notice a restart.', since: 254 },
  RestartPreventExitStatus: {
    meaning: 'Exit codes or signals after which it is not restarted.',
    why: 'Exit code 2 is a wrong configuration or option: another start would change nothing.',
  },
  RestartForceExitStatus: { meaning: 'Exit codes or signals after which it is always restarted.' },
  SuccessExitStatus: { meaning: 'Further exit codes or signals that count as success.' },
  TimeoutStartSec: {
    meaning: 'How long a start may take; then it has failed and is killed. Default 90 s.',
    why: 'A worker that is not READY by then will not be.',
  },
  TimeoutStopSec: {
    meaning: 'How long after the stop signal it may live; then SIGKILL. Default 90 s.',
    why: 'Longer than the worker waits for its jobs, so that it hands them back itself and is never killed.',
  },
  TimeoutSec: { meaning: 'TimeoutStartSec= and TimeoutStopSec= in one.' },
  TimeoutAbortSec: { meaning: 'How long it may take to die by the watchdog signal.', since: 243 },
  TimeoutStartFailureMode: { meaning: 'What ends it when the start takes too long.', since: 246 },
  TimeoutStopFailureMode: { meaning: 'What ends it when the stop takes too long.', since: 246 },
  RuntimeMaxSec: { meaning: 'How long it may run before it is ended.', since: 229 },
  WatchdogSec: {
    meaning: 'It must say that it lives at least this often; otherwise it is ended by WatchdogSignal=.',
    why: 'Below the 60 s of a lease: a hung worker is dead before anybody else runs its jobs.',
  },
  KillMode: {
    meaning:
      'Who is signalled at stop: control-group (all), mixed (TERM to the main process, KILL to all), process.',
    why: 'The worker ends its own processes; jobs in them should not be cut off by a signal to all.',
  },
  KillSignal: { meaning: 'The signal at stop; default SIGTERM.', why: 'TERM makes a worker drain.' },
  RestartKillSignal: { meaning: 'The signal when it is stopped in order to restart.', since: 244 },
  FinalKillSignal: { meaning: 'The signal when the time is over; default SIGKILL.', since: 240 },
  WatchdogSignal: { meaning: 'The signal when the watchdog bites; default SIGABRT.', since: 240 },
  ReloadSignal: { meaning: 'The signal at reload with Type=notify-reload.', since: 253 },
  SendSIGKILL: { meaning: 'Whether SIGKILL is sent when the time is over; default yes.' },
  SendSIGHUP: { meaning: 'Whether SIGHUP follows the stop signal; default no.' },
  OOMPolicy: {
    meaning: 'What happens when the kernel kills one of its processes for memory: continue, stop, kill.',
    why: 'A job that eats memory in a process of its own takes only that process with it.',
    since: 243,
  },
  PIDFile: { meaning: 'Where a daemon of Type=forking writes its process id.' },
  GuessMainPID: { meaning: 'Whether systemd guesses the main process of Type=forking.' },
  BusName: { meaning: 'The D-Bus name of Type=dbus.' },
  RemainAfterExit: { meaning: 'Counts as active after its processes have ended.' },
  ExitType: { meaning: 'Whether it ends with its main process or with its last one.', since: 250 },
  RootDirectoryStartOnly: { meaning: 'Whether RootDirectory= holds for ExecStart= alone.' },
  PermissionsStartOnly: { meaning: 'Old: User= holds for ExecStart= alone.' },
  NonBlocking: { meaning: 'Sockets are handed over as non-blocking.' },
  Sockets: { meaning: 'The socket units it gets its sockets from.' },
  FileDescriptorStoreMax: { meaning: 'How many open files it may leave with systemd over a restart.' },
  USBFunctionDescriptors: { meaning: 'For USB gadgets.' },
  StartLimitInterval: { meaning: 'Belongs into [Unit] as StartLimitIntervalSec= since systemd 230.' },
  StartLimitBurst: { meaning: 'Belongs into [Unit] since systemd 230.' },
}
