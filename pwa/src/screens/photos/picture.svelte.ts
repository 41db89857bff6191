import type { Files } from '../../sync/index.ts'

/** An object URL for a stored file, for as long as its component lives. */
export class Picture {
  url = $state<string | undefined>(undefined)
  /** It is not on this device and could not be fetched. */
  missing = $state(false)

  /** Call while a component starts; `sha` may change. */
  constructor(files: Files, sha: () => string | undefined, size?: 'thumb') {
    $effect(() => {
      const name = sha()
      let over = false
      if (name) {
        void load(files, name, size).then((blob) => {
          if (!over) this.#show(blob)
        })
      }
      return () => {
        over = true
        this.#clear()
      }
    })
  }

  #show(blob: Blob | undefined): void {
    this.url = blob && URL.createObjectURL(blob)
    this.missing = !blob
  }

  #clear(): void {
    if (this.url) URL.revokeObjectURL(this.url)
    this.url = undefined
    this.missing = false
  }
}

async function load(files: Files, sha: string, size?: 'thumb'): Promise<Blob | undefined> {
  try {
    return await files.get(sha, size ? { size } : {})
  } catch {
    return undefined
  }
}
