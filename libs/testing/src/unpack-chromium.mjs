// Unpacks the browser of the package into TMPDIR. Run by unpacked-chromium.ts.
import chromium from '@sparticuz/chromium';

await chromium.executablePath();
