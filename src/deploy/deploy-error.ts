import { CapstanError } from '../kernel/errors.ts'

/**
 * A deploy that could not go on. Its code says how far it came: `deploy.preflight` (nothing was tried),
 * `deploy.locked`, `deploy.closed`, `deploy.unhealthy` (a service did not come up), `deploy.failed`.
 */
export class DeployError extends CapstanError {}
