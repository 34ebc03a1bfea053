import type { DirectiveFacts } from './directive.ts'

/** `[Unit]`: what it is, what it needs, and when it may start. */
export const UNIT_DIRECTIVES: Readonly<Record<string, DirectiveFacts>> = {
  Description: { meaning: 'What people see in `systemctl status` and in the log.' },
  Documentation: { meaning: 'Where to read more: URIs such as https://… or man:name(8).' },
  After: {
    meaning: 'Starts after these units when they start as well; it does not start them.',
    why: 'At boot the network should be there before the worker asks for its store.',
  },
  Before: { meaning: 'Starts before these units when they start as well.' },
  Wants: {
    meaning: 'Starts these units, too, and does not mind when they fail.',
    why: 'network-online.target is reached only when some unit wants it.',
  },
  Requires: { meaning: 'Starts these units, too, fails without them, and stops when one is stopped.' },
  Requisite: { meaning: 'Fails at once unless these units are already up.' },
  BindsTo: { meaning: 'Like Requires=, and stops as well when one of them ends by itself.' },
  PartOf: { meaning: 'Is stopped and restarted together with these units.' },
  Upholds: { meaning: 'Starts these units again whenever they are found stopped.', since: 249 },
  Conflicts: { meaning: 'Starting this stops these units, and the other way round.' },
  OnFailure: { meaning: 'Units that are started when this one fails.' },
  OnSuccess: { meaning: 'Units that are started when this one ends well.', since: 249 },
  PropagatesReloadTo: { meaning: 'A reload of this unit reloads these as well.' },
  ReloadPropagatedFrom: { meaning: 'A reload of one of these units reloads this one as well.' },
  PropagatesStopTo: { meaning: 'A stop of this unit stops these as well.', since: 249 },
  StopPropagatedFrom: { meaning: 'A stop of one of these units stops this one as well.', since: 249 },
  JoinsNamespaceOf: { meaning: 'Shares /tmp or the network namespace of these units.' },
  RequiresMountsFor: { meaning: 'Needs the mounts that these paths lie on.' },
  DefaultDependencies: {
    meaning: 'Whether it waits for a booted system and stops at shutdown; default yes.',
  },
  AllowIsolate: { meaning: 'May be the goal of `systemctl isolate`.' },
  IgnoreOnIsolate: { meaning: 'Is left alone by `systemctl isolate`.' },
  StopWhenUnneeded: { meaning: 'Stops when no other unit needs it.' },
  RefuseManualStart: { meaning: 'Cannot be started by hand, only by other units.' },
  RefuseManualStop: { meaning: 'Cannot be stopped by hand.' },
  CollectMode: { meaning: 'Whether a failed unit is forgotten without reset-failed.', since: 236 },
  JobTimeoutSec: { meaning: 'How long a start or stop may wait in the queue.' },
  FailureAction: { meaning: 'What happens to the machine when the unit fails, such as reboot.', since: 236 },
  SuccessAction: { meaning: 'What happens to the machine when the unit ends well.', since: 236 },
  StartLimitIntervalSec: {
    meaning: 'The time in which starts are counted; one start more than StartLimitBurst= is refused.',
    why: 'Long enough that a worker that always crashes is given up, however slowly it boots.',
    since: 230,
    formerly: { section: 'Service', name: 'StartLimitInterval' },
  },
  StartLimitInterval: { meaning: 'The old name of StartLimitIntervalSec=.' },
  StartLimitBurst: {
    meaning: 'How many starts are allowed within StartLimitIntervalSec=; then the unit stays failed.',
    why: 'A worker that cannot run should say so instead of crashing for ever.',
    since: 230,
    formerly: { section: 'Service', name: 'StartLimitBurst' },
  },
  StartLimitAction: { meaning: 'What happens to the machine when the start limit is hit; default nothing.' },
  RebootArgument: { meaning: 'Passed on when one of the actions is a reboot.' },
  SourcePath: { meaning: 'The file this unit was made from.' },
  ConditionPathExists: { meaning: 'Skips the start, without a failure, unless this path exists.' },
  ConditionPathIsDirectory: { meaning: 'Skips the start unless this path is a directory.' },
  ConditionFileNotEmpty: { meaning: 'Skips the start unless this file has content.' },
  ConditionHost: { meaning: 'Skips the start on other hosts.' },
  ConditionUser: { meaning: 'Skips the start unless the manager runs as this user.', since: 234 },
  ConditionVirtualization: { meaning: 'Skips the start unless the machine is of this kind.' },
  ConditionEnvironment: { meaning: 'Skips the start unless the manager has this variable.', since: 246 },
  AssertPathExists: { meaning: 'Fails the start unless this path exists.' },
}

/** `[Install]`: read by `systemctl enable` alone. */
export const INSTALL_DIRECTIVES: Readonly<Record<string, DirectiveFacts>> = {
  WantedBy: {
    meaning: '`systemctl enable` makes this unit start together with the named one.',
    why: 'Without it the worker stays off after a reboot.',
  },
  RequiredBy: { meaning: 'Like WantedBy=, and the named unit fails when this one cannot start.' },
  UpheldBy: { meaning: 'The named unit starts this one again whenever it is stopped.', since: 249 },
  Alias: { meaning: 'More names that `systemctl enable` gives it.' },
  Also: { meaning: 'Units that are enabled and disabled together with it.' },
  DefaultInstance: { meaning: 'The instance that `enable` means when a template is named without one.' },
}

/** `[Timer]` */
export const TIMER_DIRECTIVES: Readonly<Record<string, DirectiveFacts>> = {
  OnCalendar: {
    meaning: 'When it fires, as a calendar expression (check it with systemd-analyze calendar).',
  },
  OnBootSec: { meaning: 'Fires so long after the boot.' },
  OnStartupSec: { meaning: 'Fires so long after the manager came up.' },
  OnActiveSec: { meaning: 'Fires so long after the timer was started.' },
  OnUnitActiveSec: { meaning: 'Fires so long after its unit was last started.' },
  OnUnitInactiveSec: { meaning: 'Fires so long after its unit last ended.' },
  AccuracySec: { meaning: 'How far it may be late so that timers wake together; default one minute.' },
  RandomizedDelaySec: { meaning: 'A random delay of up to this is added.', since: 229 },
  FixedRandomDelay: { meaning: 'The random delay is the same each time.', since: 247 },
  Persistent: { meaning: 'A run that was missed while the machine was off is made up for.' },
  WakeSystem: { meaning: 'Wakes a sleeping machine.' },
  RemainAfterElapse: { meaning: 'Whether the timer stays loaded after its last run.', since: 229 },
  Unit: { meaning: 'The unit it starts; default the service of the same name.' },
}

/** `[Socket]` */
export const SOCKET_DIRECTIVES: Readonly<Record<string, DirectiveFacts>> = {
  ListenStream: { meaning: 'A TCP port or Unix socket that systemd listens at for the service.' },
  ListenDatagram: { meaning: 'A UDP port or Unix datagram socket.' },
  ListenFIFO: { meaning: 'A named pipe.' },
  Accept: { meaning: 'Whether each connection starts an instance of its own.' },
  SocketUser: { meaning: 'Who owns the Unix socket.' },
  SocketGroup: { meaning: 'The group of the Unix socket.' },
  SocketMode: { meaning: 'The access mode of the Unix socket.' },
  Backlog: { meaning: 'How many connections may wait.' },
  Service: { meaning: 'The service it starts; default the one of the same name.' },
  ReusePort: { meaning: 'Whether others may listen at the same port.' },
}
