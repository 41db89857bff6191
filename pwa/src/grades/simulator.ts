/** What if: marks that nobody gave, among those that were. */
import { averageOf, general, type Result, type Test } from './average.ts'
import { compare, decimal, fraction, written, type Fraction } from './exact.ts'
import { asLine, testOf, type ServiceView, type Term } from './pupil.ts'

export interface Wish {
  id: string
  course: string
  value: string
  outOf: string
  coefficient: string
}

export interface Simulated {
  services: Map<string, Result>
  general: Result
}

export function simulate(term: Term, wishes: Wish[]): Simulated {
  const services = term.services.map((service) => ({ ...service, result: withWishes(service, wishes) }))
  return {
    services: new Map(services.map(({ course, result }) => [course, result])),
    general: general(services.map(asLine)),
  }
}

function withWishes(service: ServiceView, wishes: Wish[]): Result {
  const made = wishes.filter(({ course }) => course === service.course).map(asTest)
  return averageOf([...[...service.entries].reverse().map(testOf), ...made], service.standing)
}

function asTest({ id, value, outOf, coefficient }: Wish): Test {
  return { id, value, outOf, coefficient }
}

/**
 * The smallest mark, to the hundredth, with which the subject reaches a target; undefined when none does.
 * More never makes it less, so the marks are searched by halves.
 */
export function needed(
  service: ServiceView,
  wishes: Wish[],
  next: Omit<Wish, 'id' | 'value' | 'course'>,
  target: string,
): string | undefined {
  const wanted = decimal(target)
  const most = decimal(next.outOf)
  if (!wanted || !most) return undefined
  const enough = (hundredths: number): boolean =>
    reaches(service, [...wishes, asked(service, next, hundredths)], wanted)
  let low = 0
  let high = Number((most.n * 100n) / most.d)
  if (!enough(high)) return undefined
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    if (enough(middle)) high = middle
    else low = middle + 1
  }
  return written(fraction(low, 100))
}

function asked(service: ServiceView, next: Omit<Wish, 'id' | 'value' | 'course'>, hundredths: number): Wish {
  return { ...next, id: 'next', course: service.course, value: written(fraction(hundredths, 100)) }
}

function reaches(service: ServiceView, wishes: Wish[], wanted: Fraction): boolean {
  const { exact } = withWishes(service, wishes)
  return exact !== undefined && compare(exact, wanted) >= 0
}
