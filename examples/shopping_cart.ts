export interface Item {
  name: string;
  price: number;
  quantity: number;
}

export type Discount = (total: number) => number;

export const percent = (rate: number): Discount => (total) => total * (1 - rate / 100);

export class Cart {
  private items: Item[] = [];
  private discounts: Discount[] = [];

  add(item: Item): void {
    const known = this.items.find((other) => other.name === item.name);
    if (known) {
      known.quantity += item.quantity;
    } else {
      this.items.push(item);
    }
  }

  apply(discount: Discount): void {
    this.discounts.push(discount);
  }

  total(): number {
    const sum = this.items.reduce((total, item) => total + item.price * item.quantity, 0);
    return this.discounts.reduce((total, discount) => discount(total), sum);
  }
}
