import { silentLogger } from '../../src/kernel/logger.ts'
import { systemRuntime } from '../../src/kernel/runtime.ts'
import { localTransport } from '../../src/remote/local/local-transport.ts'
import { sshTransport } from '../../src/remote/ssh/ssh-transport.ts'

// A controller to be killed: it leaves a guard, and runs a script that writes its process number and goes on.
const [sshOptions = 'null', guarded = '', running = ''] = process.argv.slice(2)
const options = JSON.parse(sshOptions) as string[] | null
const runtime = systemRuntime(silentLogger)
const transport = options === null ? localTransport(runtime) : sshTransport(runtime, { options })
const shell = await transport.connect({ host: 'localhost' })
await shell.guard({ name: 'guard', body: 'echo guarded >"$1"', args: [guarded] })
await shell.run(
  { name: 'go on', body: 'echo "$$" >"$1"; echo ready; sleep 1000; true', args: [running] },
  { onLine: (line) => console.log(line) },
)
