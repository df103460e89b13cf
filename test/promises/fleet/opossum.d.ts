/** As far as the simulation uses it: the package ships no types. */
declare module 'opossum' {
  export default class CircuitBreaker<Arguments extends unknown[], Answer> {
    constructor(action: (...values: Arguments) => Promise<Answer>, options?: Readonly<Record<string, unknown>>);
    fire(...values: Arguments): Promise<Answer>;
  }
}
