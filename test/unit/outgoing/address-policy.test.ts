import { decideAddress, parseCidrs, type AddressPolicy } from '../../../src/outgoing/address-policy.ts';

const onNetwork: AddressPolicy = { loopback: false, allow: [], deny: [] };
const onLoopback: AddressPolicy = { loopback: true, allow: [], deny: [] };
const wideOpen: AddressPolicy = { loopback: true, allow: parseCidrs('0.0.0.0/0,::/0'), deny: [] };
const loopbackOnly: AddressPolicy = { loopback: false, allow: parseCidrs('127.0.0.0/8,::1/128'), deny: parseCidrs('0.0.0.0/0,::/0') };

const allowed = (address: string, policy: AddressPolicy): boolean => decideAddress(address, policy).allowed;

/** Every IPv6 form that hides an IPv4 address, for one such address. */
function wrapped(ipv4: string): string[] {
  const [a = 0, b = 0, c = 0, d = 0] = ipv4.split('.').map(Number);
  const high = (a * 256 + b).toString(16);
  const low = (c * 256 + d).toString(16);
  return [
    `::ffff:${ipv4}`,
    `::ffff:${high}:${low}`,
    `::${high}:${low}`,
    `::ffff:0:${high}:${low}`,
    `64:ff9b::${high}:${low}`,
    `64:ff9b:1::${high}:${low}`,
    `2002:${high}:${low}::`,
    `2002:${high}:${low}::1`,
    `2001:0:${high}:${low}::1`,
  ];
}

const never: Record<string, readonly string[]> = {
  'link-local': ['169.254.0.0', '169.254.0.1', '169.254.169.254', '169.254.170.2', '169.254.42.42', '169.254.255.255', 'fe80::', 'fe80::1', 'fe80::a9fe:a9fe', 'fe80::1%eth0', 'fe80::1%1', 'febf:ffff::1'],
  'cloud metadata': [
    '100.100.100.200', '168.63.129.16', '192.0.0.192', 'fd00:ec2::254', 'fd00:ec2::23', 'FD00:0EC2::0254', 'fd20:ce::254',
    'fd00:c1::a9fe:a9fe', 'fd00:42::42', 'fd00:a9fe:a9fe::1', 'fd00:100::100:200',
  ],
  unspecified: ['0.0.0.0', '0.0.0.1', '0.1.2.3', '0.255.255.255', '::', '0:0:0:0:0:0:0:0', '::0'],
  multicast: ['224.0.0.0', '224.0.0.1', '230.1.2.3', '239.255.255.255', 'ff00::', 'ff02::1', 'ff0e::1', 'ffff::1'],
  'reserved or broadcast': ['240.0.0.0', '240.0.0.1', '250.1.1.1', '255.255.255.254', '255.255.255.255'],
};

const privateAddresses = [
  '10.0.0.0', '10.13.21.22', '10.255.255.255', '172.16.0.1', '172.31.255.255', '192.168.0.1', '192.168.255.255', '100.64.0.1',
  '100.100.100.199', '100.100.100.201', '100.127.255.255', 'fc00::1', 'fd12:3456:789a::1', 'fdff::1', 'fd00:ec1::254', 'fd00:42::43',
];

const publicAddresses = [
  '1.1.1.1', '8.8.8.8', '9.255.255.255', '11.0.0.0', '100.63.255.255', '100.128.0.0', '126.255.255.255', '128.0.0.1', '168.63.129.15', '168.63.129.17',
  '169.253.255.255', '169.255.0.0', '172.15.255.255', '172.32.0.0', '192.0.0.191', '192.0.2.1', '192.167.255.255', '192.169.0.0', '198.18.0.1', '203.0.113.9',
  '223.255.255.255', '2000::1', '2001:1::1', '2001:db8::1', '2003::1', '2606:4700::1111', '2a00:1450::1', '3fff:ffff::1',
];

const loopback = ['127.0.0.0', '127.0.0.1', '127.0.0.2', '127.1.2.3', '127.255.255.255', '::1', '0:0:0:0:0:0:0:1'];

const unusedIPv6 = ['100::1', '1fff::1', '4000::1', '5f00::1', '8000::1', 'a000::1', 'fbff::1', 'fe00::1', 'fec0::1', '64:ff9a::1', '64:ff9b:2::1.2.3.4'];

const notAddresses = ['', 'localhost', '127.1', '0177.0.0.1', '0x7f000001', '2130706433', '0', '127.0.0.1.', ' 127.0.0.1', '127.0.0.1 ', '127.0.0.1:80', '[::1]', '1.2.3', '256.1.1.1', '::g', '1.2.3.4/8'];

describe('address policy', () => {
  it.each(Object.entries(never))('abuse 3: refuses %s addresses whatever the configuration', (_kind, addresses) => {
    const open = addresses.flatMap((address) => [onNetwork, onLoopback, wideOpen].filter((policy) => allowed(address, policy)).map(() => address));
    expect(open).toEqual([]);
    for (const address of addresses) {
      const exactly: AddressPolicy = { loopback: true, allow: parseCidrs(address.replace(/%.*/, '')), deny: [] };
      expect([address, allowed(address, exactly)]).toEqual([address, false]);
    }
  });

  it('abuse 3: refuses metadata addresses with private ranges allowed by configuration', () => {
    const policy: AddressPolicy = { loopback: true, allow: parseCidrs('10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,100.64.0.0/10,169.254.0.0/16,168.63.129.16,fc00::/7'), deny: [] };
    for (const address of ['169.254.169.254', 'fd00:ec2::254', '100.100.100.200', '168.63.129.16']) expect([address, allowed(address, policy)]).toEqual([address, false]);
  });

  it('abuse 1: refuses loopback unless Portolan itself is bound to it', () => {
    for (const address of loopback) expect([address, allowed(address, onNetwork), allowed(address, onLoopback)]).toEqual([address, false, true]);
  });

  it('abuse 2: refuses loopback, link-local and metadata in every IPv6 form of an IPv4 address, even when all is allowed', () => {
    const hidden = ['127.0.0.1', '127.1.2.3', '169.254.169.254', '100.100.100.200', '168.63.129.16', '0.0.0.0', '224.0.0.1', '255.255.255.255', '240.1.1.1'];
    const open = hidden.flatMap(wrapped).filter((address) => [onNetwork, onLoopback, wideOpen, loopbackOnly].some((policy) => allowed(address, policy)));
    expect(open).toEqual([]);
  });

  it('abuse 2: refuses the addresses that libraries take for ordinary ones', () => {
    for (const address of ['::ffff:127.0.0.1', '::7f00:1', '64:ff9b::7f00:1', '2002:7f00:1::', 'fe80::1']) {
      expect([address, allowed(address, onLoopback), allowed(address, wideOpen)]).toEqual([address, false, false]);
    }
  });

  it('allows NAT64 addresses where their IPv4 address is allowed, as networks without IPv4 need', () => {
    expect(allowed('64:ff9b::808:808', onNetwork)).toBe(true);
    expect(allowed('64:ff9b::10.1.2.3', onNetwork)).toBe(true);
    expect(allowed('64:ff9b:1::808:808', onNetwork)).toBe(true);
    expect(allowed('64:ff9b::10.1.2.3', { ...onNetwork, deny: parseCidrs('10.0.0.0/8') })).toBe(false);
    expect(allowed('64:ff9b::10.1.2.3', { ...onNetwork, allow: parseCidrs('64:ff9b::/96'), deny: parseCidrs('10.0.0.0/8') })).toBe(false);
    expect(allowed('64:ff9b::808:808', { ...onNetwork, deny: parseCidrs('64:ff9b::/96') })).toBe(false);
  });

  it('refuses other IPv6 forms of ordinary IPv4 addresses: nobody names a registry so', () => {
    const nat64 = ['64:ff9b::', '64:ff9b:1::'];
    const forms = wrapped('8.8.8.8').filter((address) => !nat64.some((prefix) => address.startsWith(prefix)));
    expect(forms.filter((address) => allowed(address, wideOpen))).toEqual([]);
  });

  it('allows private addresses, where most registries live, and public ones', () => {
    const refused = [...privateAddresses, ...publicAddresses].filter((address) => !allowed(address, onNetwork));
    expect(refused).toEqual([]);
  });

  it('refuses IPv6 that is not in use, until the operator allows it', () => {
    expect(unusedIPv6.filter((address) => allowed(address, onNetwork))).toEqual([]);
    expect(unusedIPv6.filter((address) => !allowed(address, wideOpen))).toEqual([]);
  });

  it('abuse 1: refuses whatever is not an address in its one usual form', () => {
    expect(notAddresses.filter((text) => allowed(text, wideOpen))).toEqual([]);
  });

  it('lets the deny list close ranges, and the allow list win over it', () => {
    const policy: AddressPolicy = { loopback: true, allow: parseCidrs('10.1.0.0/16, fd12::/16'), deny: parseCidrs('10.0.0.0/8, fd00::/8, 127.0.0.0/8') };
    const verdicts = ['10.1.2.3', '10.2.0.1', 'fd12::1', 'fd13::1', '127.0.0.1', '::1', '192.168.1.1'].map((address) => allowed(address, policy));
    expect(verdicts).toEqual([true, false, true, false, false, true, true]);
  });

  it('is held to loopback by denying everything and allowing loopback, as the tests do', () => {
    expect(loopback.filter((address) => !allowed(address, loopbackOnly))).toEqual([]);
    const others = [...privateAddresses, ...publicAddresses, ...unusedIPv6, ...Object.values(never).flat(), ...wrapped('8.8.8.8'), ...wrapped('127.0.0.1')];
    expect(others.filter((address) => allowed(address, loopbackOnly))).toEqual([]);
  });

  it('says in words why an address is refused', () => {
    expect(decideAddress('127.0.0.1', onNetwork)).toMatchObject({ reason: expect.stringContaining('bound to loopback') });
    expect(decideAddress('169.254.169.254', onNetwork)).toMatchObject({ reason: expect.stringContaining('link-local') });
    expect(decideAddress('10.0.0.1', loopbackOnly)).toMatchObject({ reason: 'lies in 0.0.0.0/0, which PROBE_DENY_CIDRS forbids' });
    expect(decideAddress('64:ff9b::a9fe:a9fe', onNetwork)).toMatchObject({ reason: expect.stringContaining('leads to 169.254.169.254') });
  });
});

describe('parseCidrs', () => {
  it('reads lists with spaces, single addresses, host bits and no entries at all', () => {
    expect(parseCidrs(' ')).toEqual([]);
    expect(parseCidrs('10.0.0.0/8, ::1 ,192.0.2.7/24,').map(({ text, prefixLength }) => [text, prefixLength])).toEqual([['10.0.0.0/8', 8], ['::1', 128], ['192.0.2.7/24', 24]]);
    expect(allowed('192.0.2.200', { ...onNetwork, deny: parseCidrs('192.0.2.7/24') })).toBe(false);
  });

  it.each(['10.0.0.0/33', '::/129', '10.0.0/8', '010.0.0.0/8', '0x0a000000/8', '10.0.0.0/', '10.0.0.0/-1', '10.0.0.0/8/8', '10.0.0.0/8.0', 'localhost', 'example.com/8', 'fe80::1%eth0/64', '/8'])(
    'names the entry that is not a range: %s',
    (entry) => {
      expect(() => parseCidrs(`192.168.0.0/16,${entry}`)).toThrow(`"${entry}"`);
    },
  );
});
