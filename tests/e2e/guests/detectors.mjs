// SPDX-License-Identifier: Apache-2.0
// Says as JSON what OpenTelemetry's own detectors tell of this process. usage: detectors.mjs NODE_MODULES
import { createRequire } from 'node:module';

const load = createRequire(process.argv[2] + '/');
const { detectResources, envDetector } = load('@opentelemetry/resources');
const { awsLambdaDetector } = load('@opentelemetry/resource-detector-aws');
const { azureFunctionsDetector } = load('@opentelemetry/resource-detector-azure');
const { gcpDetector } = load('@opentelemetry/resource-detector-gcp');
const { containerDetector } = load('@opentelemetry/resource-detector-container');

const resource = detectResources({
	detectors: [awsLambdaDetector, azureFunctionsDetector, gcpDetector, containerDetector, envDetector],
});
await resource.waitForAsyncAttributes?.();
console.log(JSON.stringify(resource.attributes));
