import type { Files } from '../../sync/index.ts'

/** An object URL for a stored file, for as long as its component lives. */
export class Picture {
  url = $state<string | undefined>(undefined)
  /** It is not on this device and could not be fetched. */
  missing = $state(false)

  /** Call while a component starts; `sha` may change. */
  constructor(files: Files, sha: () => string | undefined) {
    $effect(() => {
      const name = sha()
      let made: string | undefined
      let over = false
      this.url = undefined
      this.missing = false
      if (name) void load(files, name).then(show)
      const self = this
      function show(blob: Blob | undefined): void {
        if (over) return
        made = blob && URL.createObjectURL(blob)
        self.url = made
        self.missing = !blob
      }
      return () => {
        over = true
        if (made) URL.revokeObjectURL(made)
      }
    })
  }
}

async function load(files: Files, sha: string): Promise<Blob | undefined> {
  try {
    return (await files.get(sha)) ?? undefined
  } catch {
    return undefined
  }
}
