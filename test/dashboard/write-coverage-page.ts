// The page of docs/pictures/coverage.png: node test/dashboard/write-coverage-page.ts OUT.html, then a screenshot of it.
import { writeFileSync } from "node:fs";
import { coveragePage } from "../../src/dashboard/coverage-page.ts";
import { companyReport } from "../escrow/coverage-sample.ts";
import { aboutSample } from "./coverage-about.ts";

const report = companyReport(4_800);
writeFileSync(process.argv[2]!, coveragePage(report, aboutSample(report)));
