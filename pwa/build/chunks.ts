import type { Rolldown } from 'vite'

/** What both first screens need, home and the sign-in page, and all who stand before the door, travels with the app. */
const both = /src\/ui\/(Avatar|Card|IconButton|List|Notice|PageHeader|Row|Section|Tag)\.|src\/i18n\/dates/

/** What only the sign-in page needs. */
const signIn = /src\/(screens\/signin\/(SignIn|signin)\.|ui\/(Brand|Field)\.|i18n\/signin)/

/** What is needed inside: the frame with its tabs, and home. */
const inside =
  /src\/(app\/(Shell|ChildSwitcher|badges|tabs)|ui\/NetLine|i18n\/inside|school\/|screens\/(home\/(Home|who)\.|work\/(WorkRow|StateTag)))/

/** The list of work. */
const work = /src\/(i18n\/work|screens\/work\/(Work|PupilWork|GivenList)\.)/

/** Writing a message. */
const write = /src\/screens\/mail\/(compose\/|AddressBook)/

/** The editor of texts, which several areas write with. */
const editor = /src\/body\/(Editor|Tools|desk|editor|gather|paste)/

/** Lessons as home shows them, and all screens that have to do with them. */
const lessons = /src\/(timetable\/(expand|lessons)|screens\/timetable\/(Today|LessonRow|TimeRow|words|times))/
const timetable = /src\/(timetable\/pages|screens\/(timetable|notebook)\/(?!Write|write))/

/** Asking for files and dropping them, but for the line on home. */
const collects = /src\/(collect\/collecting|screens\/collect\/(?!Asked|Collects))/

/** A person's device, but for what talks with the server: it shows what it holds without. */
const engine = /src\/db\/|src\/sync\/(?!talk|\w*mutators|round|apply|wire|digest|upload)|node_modules\/idb\//

/** The rest of the kit: small parts, of which every screen inside needs some; and what shows a text. */
const kit =
  /src\/(ui\/(Choice|Dialog|FileTile|Progress|Segmented|Select|Switch|TextArea)|body\/(Body|Formula|body))\./

/** The file in which a module travels; none: where the build thinks best. */
export function chunkOf(id: string, context: Rolldown.ChunkingContext): string | null {
  if (both.test(id) || isInitial(id, context)) return 'app'
  if (signIn.test(id)) return 'signin'
  if (engine.test(id)) return 'engine'
  if (inside.test(id)) return id.includes('type=style') ? 'app' : 'inside' // the styles: one request less
  if (work.test(id)) return 'work'
  if (kit.test(id)) return 'kit'
  if (editor.test(id)) return 'text' // a name after those of the files that it stands on: it would take them in
  if (write.test(id)) return 'write'
  if (lessons.test(id)) return 'lessons'
  if (timetable.test(id)) return 'timetable'
  if (collects.test(id)) return 'wanted' // likewise
  return null
}

/** Is there a way to it from the page without waiting? */
function isInitial(id: string, context: Rolldown.ChunkingContext, seen = new Set<string>()): boolean {
  if (seen.has(id)) return false
  seen.add(id)
  const module = context.getModuleInfo(id)
  return module?.isEntry === true || (module?.importers ?? []).some((one) => isInitial(one, context, seen))
}
