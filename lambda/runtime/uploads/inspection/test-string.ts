/**
 * The test string that every malware scanner knows (EICAR), backwards: written forwards, scanners would take this file,
 * and the bundle it ends up in, for the test file itself.
 */
const BACKWARDS = '*H+H$!ELIF-TSET-SURIVITNA-DRADNATS-RACIE$}7)CC7)^P(45XZP\\4[PA@%P!O5X';

export const testString = (): Buffer => Buffer.from([...BACKWARDS].reverse().join(''), 'latin1');
