import { createSupport } from "./agent.ts";
import { type NewOrder, openShop } from "./shop.ts";

const ANN = "ann@example.com";
const BO = "bo@example.com";

const ORDERS: readonly NewOrder[] = [
  {
    id: "A-1001",
    customer: ANN,
    items: "teapot, two cups",
    cents: 38_00,
    ordered: "2026-11-02",
    status: "delivered",
  },
  { id: "A-1002", customer: ANN, items: "kettle", cents: 129_50, ordered: "2026-11-10", status: "delivered" },
  {
    id: "A-1003",
    customer: ANN,
    items: "espresso machine",
    cents: 899_00,
    ordered: "2026-11-20",
    status: "on its way",
  },
  {
    id: "A-2001",
    customer: BO,
    items: "gift card",
    cents: 45_00,
    ordered: "2026-11-12",
    status: "delivered",
  },
];

/** A new shop with two customers and four orders, and the agent that answers its mails. */
export function makeDemoShop(path: string, today: () => string) {
  const shop = openShop(path, today);
  if (shop.nameOf(ANN) === undefined) {
    shop.addCustomer(ANN, "Ann");
    shop.addCustomer(BO, "Bo");
    for (const order of ORDERS) shop.addOrder(order);
  }
  return { shop, support: createSupport({ shop, managers: ["web:mia", "web:max"], today }) };
}
