import { basicAuthorization, destinationOf, headerText } from '../../../../lib/postback/destination.ts';

test('neither user info nor query nor fragment is ever shown', () => {
  const url = new URL('https://user:secret@shop.example:8443/store/x.png?token=secret#secret');
  expect(destinationOf(url)).toBe('https://shop.example:8443/store/x.png');
});

test.each([
  ['https://user:p%40ss@shop.example/', 'user:p@ss'],
  ['https://user@shop.example/', 'user:'],
  ['https://us%er:x@shop.example/', 'us%er:x'],
])('the user info of %s becomes Basic authorization', (address, plain) => {
  expect(basicAuthorization(new URL(address))).toBe(`Basic ${Buffer.from(plain).toString('base64')}`);
});

test('without user info there is none', () => {
  expect(basicAuthorization(new URL('https://shop.example/'))).toBeUndefined();
});

test.each([
  ['chair-1', 'chair-1'],
  ['Stühle\n7', 'St%C3%BChle%0A7'],
  ['100%', '100%'],
])('the id %j stands in a header as %s', (id, value) => {
  expect(headerText(id)).toBe(value);
});
