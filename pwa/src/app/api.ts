/** The few requests that are not sync: session, devices, pairing, activation, alerts, staff. */

/** What the server answered instead, or `offline` when it could not be reached. */
export class ApiError extends Error {
  override name = 'ApiError'
  constructor(
    readonly code: string,
    readonly status = 0,
    readonly field?: string,
    /** Seconds to wait, when the server said so. */
    readonly wait = 0,
    /** The rest of the answer. */
    readonly body?: unknown,
  ) {
    super(code)
  }
}

interface Options {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  body?: unknown
  timeout?: number
}

/** Asks for JSON. Rejects with an ApiError only. */
export async function api<T>(path: string, options: Options = {}): Promise<T> {
  const response = await reach(path, options)
  if (response.status === 204 || response.status === 202) return undefined as T
  if (response.ok) return (await response.json()) as T
  throw await failure(response)
}

async function reach(path: string, { method = 'GET', body, timeout = 15_000 }: Options): Promise<Response> {
  try {
    return await fetch(`/api/${path}`, {
      method,
      credentials: 'same-origin',
      signal: AbortSignal.timeout(timeout),
      ...(body !== undefined && {
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
      }),
    })
  } catch {
    throw new ApiError('offline')
  }
}

async function failure(response: Response): Promise<ApiError> {
  const wait = Number(response.headers.get('Retry-After')) || 0
  const said = (await response.json().catch(() => ({}))) as { error?: { code?: string; field?: string } }
  return new ApiError(said.error?.code ?? 'server', response.status, said.error?.field, wait, said)
}

/** The code of anything that was thrown, for t(`error.${code}`). */
export function codeOf(error: unknown): ApiError {
  return error instanceof ApiError ? error : new ApiError('server')
}
