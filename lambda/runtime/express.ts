// The public API of `cdk-bulwark/runtime/express`: middleware for Express 4 and 5, which it does not load.
export { type ExpressMiddleware, type ExpressRateLimitOptions, rateLimit } from './rate-limit/express-rate-limit';
