import { InvalidArgumentError } from "commander";
import { expect, it } from "vitest";
import { parseLargestBlock } from "../../src/cli/serve-options.ts";

it("the largest block is a number of bytes from 512 to 65464, and anything else is refused with what it may be", () => {
  for (const bytes of [512, 1300, 1468, 65_464]) expect(parseLargestBlock(`${bytes}`)).toBe(bytes);
  for (const text of ["", "0", "511", "65465", "99999", "1,300", "1300 ", "0x500", "1e3", "-1300", "01300", "１３００"])
    expect(() => parseLargestBlock(text), text).toThrow(InvalidArgumentError);
});
