//! Which addresses senders on the Internet can see.
