import type { Rolldown } from 'vite'

/** What both first screens need, home and the sign-in page, and all who stand before the door, travels with the app. */
const both = /src\/ui\/(Avatar|Card|IconButton|List|Notice|PageHeader|Row|Section|Tag)\.|src\/i18n\/dates/

/** What only the sign-in page needs. */
const signIn = /src\/(screens\/signin\/(SignIn|signin)\.|ui\/(Brand|Field)\.|i18n\/signin)/

/** What is needed inside: the frame with its tabs, home, and the list of work. */
const inside =
  /src\/(app\/(Shell|ChildSwitcher|badges|tabs|push)|ui\/(NetLine|Segmented)|i18n\/inside|school\/|screens\/(home\/|work\/(Work|PupilWork|GivenList|StateTag)))/

/** Writing a message. */
const write = /src\/screens\/mail\/(compose\/|AddressBook)/

/** A person's device; what sends its files comes when there is one to send. */
const engine = /src\/(db|sync)\/(?!upload)|node_modules\/idb\//

/** The rest of the kit: small parts, of which every screen inside needs some. */
const kit = /src\/ui\/(Dialog|FileTile|Progress|Select|Switch|TextArea)\./

/** The file in which a module travels; none: where the build thinks best. */
export function chunkOf(id: string, context: Rolldown.ChunkingContext): string | null {
  if (both.test(id) || isInitial(id, context)) return 'app'
  if (signIn.test(id)) return 'signin'
  if (engine.test(id)) return 'engine'
  if (inside.test(id)) return id.includes('type=style') ? 'app' : 'inside' // the styles: one request less
  if (kit.test(id)) return 'kit'
  if (write.test(id)) return 'write'
  return null
}

/** Is there a way to it from the page without waiting? */
function isInitial(id: string, context: Rolldown.ChunkingContext, seen = new Set<string>()): boolean {
  if (seen.has(id)) return false
  seen.add(id)
  const module = context.getModuleInfo(id)
  return module?.isEntry === true || (module?.importers ?? []).some((one) => isInitial(one, context, seen))
}
