/**
 * A message in the making. Every keystroke is on this device's disk at once; the other devices of the person get it
 * a little later; what another device wrote meanwhile is never written over.
 */
import { callBack, hold } from '../../../mail/leaving.ts'
import {
  mostHeavy,
  nextPart,
  noHeavy,
  openingOf,
  withLink,
  type Heavy,
  type HeavyFile,
  type Stock,
} from '../../../mail/heavy.ts'
import {
  bytesOf,
  cameBack,
  draftOf,
  emptyDraft,
  faultIn,
  faultsOf,
  fields,
  isBlank,
  isSame,
  keptKey,
  letterOf,
  mostBytes,
  mostFiles,
  reconcile,
  type Fault,
  type Field,
  type Kept,
  type Letter,
} from '../../../mail/drafts.ts'
import { preparePage, sniff } from '../../../photos/page.ts'
import {
  newId,
  type Addressee,
  type Device,
  type Draft,
  type FileRef,
  type Outgoing,
} from '../../../sync/index.ts'

export type ComposerDevice = Pick<Device, 'act' | 'resend' | 'dismiss' | 'read' | 'files' | 'local' | 'user'>

/** How long a pause in typing is before the other devices hear of it. */
const debounce = 3000

export class Composer {
  draft = $state.raw<Draft>(emptyDraft())
  ready = $state(false)
  /** What was typed lies on this device. */
  kept = $state(false)
  faults = $state.raw<Fault[]>([])
  /** Words among the recipients that stand for nobody yet. */
  left = $state<Partial<Record<Field, string>>>({})
  /** Files being made ready. */
  busy = $state(0)
  /** Names of files that were too much. */
  over = $state.raw<{ code: 'too_many' | 'too_large'; names: string[] } | undefined>(undefined)
  /** A text that another device wrote became a draft of its own. */
  aside = $state(false)
  /** What leaves by a link: it does not fit. */
  heavy = $state.raw<Heavy>(noHeavy())
  readonly bytes = $derived(bytesOf(this.draft.files ?? []))

  readonly id: string
  readonly #device: ComposerDevice
  readonly #name: (key: string) => Addressee
  readonly #prepare: typeof preparePage
  readonly #stock: Stock | undefined
  #base: Draft | undefined
  /** The commit that this device last saw the draft in; 0: none. */
  #seq = 0
  #refused: number | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #ended = false
  #files: Promise<unknown> = Promise.resolve()
  #dropped: string[] = []

  /** Without a stock, what does not fit is refused. */
  constructor(
    device: ComposerDevice,
    id: string,
    name: (key: string) => Addressee,
    { prepare = preparePage, stock }: { prepare?: typeof preparePage; stock?: Stock } = {},
  ) {
    this.#device = device
    this.id = id
    this.#name = name
    this.#prepare = prepare
    this.#stock = stock
  }

  get #scope(): string {
    return `user:${this.#device.user}`
  }

  /** Finds what there is of it: here, on the server, or come back refused. */
  async load(): Promise<void> {
    await callBack(this.#device, this.id)
    const kept = await this.#device.local.get<Kept>(keptKey(this.id))
    const { row, outbox } = await this.#device.read(async (view) => ({
      row: await view.get(this.#scope, 'draft', this.id),
      outbox: await view.outbox(),
    }))
    this.#seq = row?.seq ?? 0
    if (kept?.heavy) this.heavy = await this.#found(kept.heavy)
    const came = cameBack(outbox, this.id)
    if (came && kept?.refused !== came.n) this.#takeBack(came, row?.value)
    else await this.#open(kept, row?.value)
    if (came) this.faults = [faultIn(came)]
    this.#refused = came?.n
    this.ready = true
  }

  /** The server's draft has changed; not by this device's own hand. */
  async heard(theirs: Draft, seq: number): Promise<void> {
    if (this.ready) this.#seq = seq
    if (!this.ready || this.#ended || (this.#base && isSame(this.#base, theirs))) return
    await this.#open({ draft: this.draft, at: Date.now(), ...(this.#base && { base: this.#base }) }, theirs)
  }

  change(part: Partial<Draft>): void {
    this.draft = { ...this.draft, ...part }
    this.over = undefined
    this.faults = this.faults.filter((fault) => !(fault.field in part))
    this.#keep()
  }

  /** Puts people into a field, each once in the whole message. */
  address(field: Field, people: Addressee[]): void {
    this.change({ [field]: people })
  }

  setLeft(field: Field, text: string): void {
    this.left = { ...this.left, [field]: text }
    this.faults = this.faults.filter((fault) => fault.field !== field || fault.index !== undefined)
  }

  /** What is missing; sends when nothing is. What it returns calls the letter back. */
  async send(most: number): Promise<(() => Promise<boolean>) | undefined> {
    await this.#files
    const opening = openingOf(this.heavy, this.draft.subject)
    const draft = withLink(this.draft, opening)
    this.faults = faultsOf(draft, { left: this.left, most })
    if (this.faults.length > 0) return undefined
    await this.#letGo()
    this.#end()
    // The draft stays until the letter is accepted: with the names, and what it passes on.
    await this.#tell()
    await this.#save()
    const letter = letterOf(draft, this.id, newId())
    const refused = this.#refused
    await hold(this.#device, this.id, {
      letter,
      scope: this.#scope,
      ...(refused !== undefined && { refused }),
      ...(opening && { opening }),
    })
    return () => callBack(this.#device, this.id)
  }

  /** Throws it away; what it returns brings it back. */
  async discard(): Promise<() => Promise<void>> {
    const { draft, heavy } = this
    this.#end()
    await this.#device.local.delete(keptKey(this.id))
    if (this.#refused !== undefined) await this.#device.dismiss(this.#refused)
    if (this.#base) await this.#device.act(this.#scope, 'mail.discard@1', { ids: [this.id] })
    return async () => {
      await this.#device.local.set(keptKey(this.id), { draft, heavy, at: Date.now() } satisfies Kept)
      await this.#device.act(this.#scope, 'mail.draft@1', { id: this.id, draft })
    }
  }

  /** The screen is left, or the app hidden: what waits goes now. */
  async leave(): Promise<void> {
    clearTimeout(this.#timer)
    if (!this.#ended) await this.#tell()
  }

  /** Lets go of files that were taken out and that nothing names. */
  async close(): Promise<void> {
    await this.leave()
    const isNamed = (sha: string): boolean => this.draft.files?.some((file) => file.sha === sha) ?? false
    for (const sha of this.#dropped) if (!isNamed(sha)) await this.#device.files.drop(sha)
    if (!this.#ended) await this.#letGo()
  }

  /** Adds files, one after the other, as many and as large as a message takes. */
  attach(files: readonly File[]): Promise<void> {
    this.over = undefined
    this.faults = this.faults.filter((fault) => fault.field !== 'files')
    this.busy += files.length
    const run = this.#files.then(async () => {
      const faults: unknown[] = []
      for (const file of files) {
        await this.#attach(file).catch((fault: unknown) => faults.push(fault))
        this.busy--
      }
      if (faults.length > 0) throw faults[0]
    })
    this.#files = run.catch(() => undefined)
    return run
  }

  /** Adds files that are at the school already, as many and as large as a message takes. */
  enclose(files: readonly FileRef[]): void {
    this.over = undefined
    this.faults = this.faults.filter((fault) => fault.field !== 'files')
    for (const file of files) {
      const now = this.draft.files ?? []
      if (now.some((one) => one.sha === file.sha)) continue
      if (now.length >= mostFiles) this.#refuse('too_many', file.name)
      else if (bytesOf(now) + file.size > mostBytes) this.#refuse('too_large', file.name)
      else this.#set({ files: [...now, file] })
    }
  }

  /** Takes a file out; what it returns puts it back. */
  detach(sha: string): () => void {
    const before = this.draft.files ?? []
    this.#dropped.push(sha)
    this.change({ files: before.filter((file) => file.sha !== sha) })
    return () => {
      const now = this.draft.files ?? []
      const back = before.find((file) => file.sha === sha)
      if (back && !now.some((file) => file.sha === sha)) this.change({ files: [...now, back] })
    }
  }

  /** Takes a file that leaves by a link out; what it returns puts it back. */
  lighten(part: number): () => void {
    const file = this.heavy.files.find((one) => one.part === part)
    this.#weigh(this.heavy.files.filter((one) => one.part !== part))
    return () => {
      if (file) this.#weigh([...this.heavy.files, file].toSorted((a, b) => a.part - b.part))
    }
  }

  async #attach(file: File): Promise<void> {
    const files = this.draft.files ?? []
    const left = mostBytes - bytesOf(files)
    const kind = sniff(new Uint8Array(await file.slice(0, 16).arrayBuffer()))
    const isPhoto = kind !== 'other' && kind !== 'png'
    // A film is not read to learn that it is too large.
    if (files.length >= mostFiles || (file.size > left && !isPhoto)) {
      await this.#overweight(files.length >= mostFiles ? 'too_many' : 'too_large', file)
      return
    }
    const made = await this.#prepared(file, isPhoto)
    if (made.bytes.byteLength > left) {
      await this.#overweight('too_large', new File([made.bytes], made.name, { type: made.type }))
      return
    }
    const { bytes, name, type } = made
    const { sha } = await this.#device.files.put(bytes, { name, type, use: 'message' })
    const now = this.draft.files ?? []
    const added: FileRef = { sha, name, type, size: bytes.byteLength }
    if (!now.some((one) => one.sha === sha)) this.#set({ files: [...now, added] })
  }

  /** Photos lose their weight and their place; other files stay as they are. */
  async #prepared(file: File, isPhoto: boolean): Promise<{ bytes: ArrayBuffer; name: string; type: string }> {
    const type = file.type || 'application/octet-stream'
    const plain = { name: short(file.name), type }
    const page = isPhoto ? await this.#prepare(file).catch(() => undefined) : undefined
    if (!page) return { ...plain, bytes: await file.arrayBuffer() }
    const name = page.type === 'image/jpeg' ? plain.name.replace(/(\.\w{1,5})?$/, '.jpg') : plain.name
    return { bytes: page.bytes, name, type: page.type }
  }

  /** What does not fit leaves by a link. It is named before it is kept, so that nothing lets go of it in between. */
  async #overweight(code: 'too_many' | 'too_large', file: File): Promise<void> {
    const { files } = this.heavy
    if (!this.#stock || files.length >= mostHeavy) {
      this.#refuse(code, file.name)
      return
    }
    const name = short(file.name.replace(/\p{Cc}/gu, ''))
    const added: HeavyFile = { part: nextPart(this.heavy), name, type: file.type, size: file.size }
    this.#weigh([...files, added])
    await this.#save()
    try {
      await this.#stock.hold(this.id, this.heavy.id, added.part, file)
    } catch (fault) {
      this.#weigh(this.heavy.files.filter((one) => one !== added))
      throw fault
    }
  }

  #weigh(files: HeavyFile[]): void {
    this.heavy = { ...this.heavy, files }
    this.faults = this.faults.filter((fault) => fault.field !== 'files' && fault.field !== 'body')
    this.#keep()
  }

  /** Those that are still here. */
  async #found(heavy: Heavy): Promise<Heavy> {
    const here = (await this.#stock?.parts(heavy.id)) ?? []
    return { ...heavy, files: heavy.files.filter(({ part }) => here.includes(part)) }
  }

  async #letGo(): Promise<void> {
    const { id, files } = this.heavy
    for (const part of (await this.#stock?.parts(id)) ?? [])
      if (!files.some((one) => one.part === part)) await this.#stock?.drop(id, part)
  }

  #refuse(code: 'too_many' | 'too_large', name: string): void {
    const names = this.over?.code === code ? this.over.names : []
    this.over = { code, names: [...names, name] }
  }

  #takeBack(came: Outgoing, written: Draft | undefined): void {
    const letter = { name: came.name, args: came.args } as unknown as Letter
    const named = fields.flatMap((field) => written?.[field] ?? [])
    const name = (key: string): Addressee => named.find((one) => one.key === key) ?? this.#name(key)
    this.draft = draftOf(letter, written, name)
    this.#base = written
    this.#refused = came.n
    this.#keep()
  }

  async #open(kept: Kept | undefined, theirs: Draft | undefined): Promise<void> {
    const { draft, base, aside } = reconcile(kept, theirs)
    this.draft = draft
    this.#base = base
    this.kept = base !== undefined || kept !== undefined
    if (!aside) return
    await this.#device.act(this.#scope, 'mail.draft@1', { id: newId(), draft: aside })
    this.aside = true
    this.#keep()
  }

  #set(part: Partial<Draft>): void {
    this.draft = { ...this.draft, ...part }
    this.#keep()
  }

  #keep(): void {
    if (this.#ended) return
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#tell(), debounce)
    void this.#save().then(() => (this.kept = true))
  }

  #save(): Promise<void> {
    const kept: Kept = {
      draft: this.draft,
      at: Date.now(),
      ...(this.#base && { base: this.#base }),
      ...(this.#refused !== undefined && { refused: this.#refused }),
      ...(this.heavy.files.length > 0 && { heavy: this.heavy }),
    }
    return this.#device.local.set(keptKey(this.id), kept)
  }

  get #isBlank(): boolean {
    return isBlank(this.draft) && this.heavy.files.length === 0
  }

  /** Says it to the other devices. */
  async #tell(): Promise<void> {
    const { draft } = this
    if (!this.ready || (this.#base ? isSame(this.#base, draft) : this.#isBlank)) return
    this.#base = draft
    const seen = this.#seq > 0 ? { base: this.#seq } : {}
    await this.#device.act(this.#scope, 'mail.draft@1', { id: this.id, draft }, seen)
    if (!this.#ended) await this.#save()
  }

  #end(): void {
    this.#ended = true
    clearTimeout(this.#timer)
  }
}

/** As long as the server takes a name, in bytes; its ending stays. */
function short(name: string): string {
  const [, stem = '', ending = ''] = /^(.*?)(\.\w{1,10})?$/s.exec(name) ?? []
  let kept = stem || 'fichier'
  while (new TextEncoder().encode(kept + ending).length > 255) kept = kept.slice(0, -1)
  return kept + ending
}
