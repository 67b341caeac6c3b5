// Events to begin with, where nobody has sent one yet.
export const TEMPLATES = [
  [
    "order.created",
    { orderId: "ord_1042", total: "49.90", currency: "EUR", items: [{ sku: "mug-blue", quantity: 2 }] },
  ],
  ["task.completed", { taskId: "abc123", status: "succeeded", durationMs: 1840 }],
  ["user.invited", { userId: "usr_77", email: "ada@example.com", role: "editor" }],
  ["invoice.paid", { invoiceId: "inv_2026_081", amount: 12000, currency: "USD", paidAt: "2026-01-15T09:30:00.000Z" }],
];
