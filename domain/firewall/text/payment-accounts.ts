/** ISO 13616: the number modulo 97 is 1, letters counting from 10. */
export function isIban(text: string): boolean {
  if (!/^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$/.test(text)) return false;
  let rest = 0;
  for (const char of text.slice(4) + text.slice(0, 4)) {
    const value = Number.parseInt(char, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest === 1;
}

/** Addresses of blockchains, whose transfers are irreversible. */
export const isWallet = (text: string): boolean =>
  /^(?:0x[0-9a-fA-F]{40}|bc1[02-9ac-hj-np-z]{25,62}|[13][1-9A-HJ-NP-Za-km-z]{25,34}|(?:ltc1|addr1|cosmos1|terra1)[02-9a-z]{30,100}|T[1-9A-HJ-NP-Za-km-z]{33})$/.test(
    text.trim(),
  );
