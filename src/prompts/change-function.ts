/** A prompt function with other members in place of some, or beside them. What is computed on demand stays so. */
export function changeFunction<Fn extends object, Members extends object>(
  fn: Fn,
  members: Members,
): Omit<Fn, keyof Members> & Members {
  return Object.create(Object.getPrototypeOf(fn), {
    ...Object.getOwnPropertyDescriptors(fn),
    ...Object.getOwnPropertyDescriptors(members),
  });
}
