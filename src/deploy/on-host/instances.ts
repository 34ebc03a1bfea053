import type { Script } from '../../remote/script.ts'
import type { ServiceManager } from '../deploy-config.ts'
import type { Layout } from '../layout.ts'
import { SYSTEMCTL } from '../services/unit-state.ts'

/** Links instances to their release: it is by this link that the unit finds it. */
export function linkInstances(layout: Layout, release: string, instances: readonly string[]): Script {
  return {
    name: 'link the instances',
    body: 'target=$1 links=$2; shift 2; for instance in "$@"; do ln -sfn -- "$target" "$links/$instance"; done',
    args: [layout.release(release), layout.instances, ...instances],
  }
}

/** Removes the links of instances that neither run nor start at boot: their releases may go. */
export function forgetInstances(
  layout: Layout,
  manager: ServiceManager,
  templates: readonly string[],
): Script {
  return {
    name: 'forget ended instances',
    body: `${SYSTEMCTL}${FORGET}`,
    args: [manager, layout.instances, ...templates],
  }
}

const FORGET = `
links=$1; shift
for link in "$links"/*; do
  [ -L "$link" ] || continue
  wanted=
  for template in "$@"; do
    unit=$template@\${link##*/}.service
    case $(systemctl is-active "$unit" || true) in inactive | failed | unknown) ;; *) wanted=yes ;; esac
    if [ "$(systemctl is-enabled "$unit" 2>/dev/null || true)" = enabled ]; then wanted=yes; fi
  done
  [ -n "$wanted" ] || rm -f -- "$link"
done
`
