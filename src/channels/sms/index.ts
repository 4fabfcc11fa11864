// `twelvefold/sms`: people write and decide by SMS or WhatsApp, over Twilio.
export { type SmsChannelOptions, smsChannel } from "./channel.ts";
export { signTwilio, type TwilioAccount, type TwilioParams } from "./twilio.ts";
