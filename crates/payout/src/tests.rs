//! The domain from outside: laws, tables, and the stories people tell about it.

mod decisions;
mod drafts;
mod laws;
mod money_step;
mod table;
mod world;
