//! An order service that owns an emitter: three subscribers, a once listener, and an error nobody handles.

use std::rc::Rc;

use looplab_events::EventEmitter;

struct Order {
    id: u32,
    total: f64,
}

struct OrderService {
    events: Rc<EventEmitter<Order>>,
}

impl OrderService {
    fn create(&self, id: u32, total: f64) {
        let order = Order { id, total };
        println!("before");
        if total < 0.0 {
            if let Err(unhandled) = self.events.emit("error", &order) {
                println!("order {id}: {unhandled}");
            }
            return;
        }
        let heard = self.events.emit("order:created", &order).unwrap_or(false);
        println!("after (heard: {heard})");
    }
}

fn main() {
    let events = Rc::new(EventEmitter::new());
    events.on("order:created", |order: &Order| println!("  email: order {}", order.id));
    events.on("order:created", |order: &Order| println!("  inventory: order {}", order.id));
    events.on("order:created", |order: &Order| println!("  audit: {:.2}", order.total));
    events.once("order:created", |order: &Order| println!("  first order of the day: {}", order.id));

    let service = OrderService { events };
    service.create(1, 20.0);
    service.create(2, 5.5);
    service.create(3, -1.0);
}
